import { isSameMoney } from './amounts.mjs';
import { railIdOf } from './payments.mjs';
import { steeringOf } from './steering.mjs';

/** Reason codes of ISO 20022. */
const ANOTHER_PAYMENT = 'AM05';
const NO_ORIGINAL = 'NOOR';
const ALREADY_BACK = 'ARDT';
const WRONG_AMOUNT = 'AM09';
const RETURN_REASON = 'AC04';

/**
 * @typedef {import('./payments.mjs').Payment} Payment
 * @typedef {import('./payments.mjs').Terms} Terms
 */

/** What the bank does with money: it takes payments, each reference once, settles what it accepted, and sends back. */
export class Execution {
  #bank;
  #acceptMs;
  #returnMs;

  /**
   * @param {import('./bank.mjs').Bank} bank
   * @param {{acceptMs: number, returnMs: number}} options
   */
  constructor(bank, { acceptMs, returnMs }) {
    this.#bank = bank;
    this.#acceptMs = acceptMs;
    this.#returnMs = returnMs;
  }

  /** Takes up again what was due when the process ended. */
  resume() {
    for (const payment of this.#bank.payments.all()) this.#arrange(payment);
  }

  /**
   * Executes a submission unless its reference was taken before.
   *
   * @param {Terms} terms
   */
  take(terms) {
    const payment = this.#bank.payments.get(terms.reference);
    if (payment.terms === null) {
      this.#takeFirst(payment, terms);
      return { status: 201, body: answerOf(payment) };
    }
    if (isSamePayment(payment.terms, terms)) return { status: 200, body: answerOf(payment) };
    this.#bank.record({ event: 'conflict', reference: terms.reference, reason_code: ANOTHER_PAYMENT });
    return { status: 200, body: { ...answerOf(payment), status: 'rejected', reason_code: ANOTHER_PAYMENT } };
  }

  /**
   * Makes a settled payment come back.
   *
   * @param {Payment} payment
   * @param {{afterMs: number, reasonCode?: string, faults?: string[]}} how
   * @returns {string} when, in ISO 8601
   */
  scheduleReturn(payment, { afterMs, reasonCode = RETURN_REASON, faults }) {
    const dueAt = new Date(Date.now() + afterMs).toISOString();
    const { reference } = payment;
    this.#bank.record({ event: 'return_due', reference, due_at: dueAt, reason_code: reasonCode, faults });
    this.#arrange(payment);
    return dueAt;
  }

  /** @param {Payment} payment @param {Terms} terms */
  #takeFirst(payment, terms) {
    const steering = steeringOf(terms.remittance);
    const delay = this.#bank.faults.strikes('delayed_visibility_ms', terms, payment.ordinal, 0);
    const fields = {
      ...terms,
      rail_id: railIdOf(terms.reference),
      ...(delay && { visible_at: new Date(Date.now() + delay.ms).toISOString(), faults: ['delayed_visibility_ms'] }),
    };
    const steeredReason = steering.act === 'reject' ? steering.code : null;
    const reason = (terms.reverses && this.#refuseReversal(terms, terms.reverses)) ?? steeredReason;
    if (reason !== null) {
      this.#bank.record({ event: 'rejected', ...fields, reason_code: reason });
    } else if (steering.act === 'accept') {
      const endsAt = new Date(Date.now() + this.#acceptMs).toISOString();
      this.#bank.record({ event: 'accepted', ...fields, ends_at: endsAt, ends_with: steering.code });
      this.#arrange(payment);
    } else {
      this.#settle(payment, fields);
    }
  }

  /** @param {Payment} payment @param {Terms} fields */
  #settle(payment, fields) {
    this.#bank.record({ event: 'executed', ...fields });
    if (steeringOf(fields.remittance).act === 'return') this.scheduleReturn(payment, { afterMs: this.#returnMs });
    else {
      const returns = this.#bank.faults.strikes('returns', fields, payment.ordinal, 0);
      if (returns) this.scheduleReturn(payment, { afterMs: returns.after_ms, faults: ['returns'] });
    }
  }

  /** Puts what will happen to a payment by itself on the agenda. @param {Payment} payment */
  #arrange(payment) {
    if (payment.end !== null) this.#bank.agenda.at(payment.end.atMs, () => this.#end(payment));
    if (payment.returnDue !== null) this.#bank.agenda.at(payment.returnDue.atMs, () => this.#return(payment));
  }

  /** @param {Payment} payment */
  #end(payment) {
    if (payment.end === null || payment.terms === null) return;
    const { reasonCode } = payment.end;
    const fields = { ...payment.terms, rail_id: railIdOf(payment.reference) };
    if (reasonCode === null) this.#settle(payment, fields);
    else this.#bank.record({ event: 'rejected', ...fields, reason_code: reasonCode });
    this.#bank.callbacks.report(payment, answerOf(payment));
  }

  /** @param {Payment} payment */
  #return(payment) {
    if (payment.returnDue === null || payment.status !== 'settled' || payment.terms === null) return;
    const { reference } = payment;
    const { amount, currency } = payment.terms;
    const fields = {
      reference,
      amount,
      currency,
      rail_id: railIdOf(reference),
      reason_code: payment.returnDue.reasonCode,
    };
    this.#bank.record({ event: 'returned', ...fields });
    const { rail_id, reason_code } = fields;
    this.#bank.callbacks.report(payment, { reference, status: 'returned', reason_code, rail_id });
  }

  /** @param {Terms} terms @param {string} original @returns {string | null} why it cannot be taken back */
  #refuseReversal(terms, original) {
    const payment = this.#bank.payments.find(original);
    if (!payment?.terms || payment.executions === 0) return NO_ORIGINAL;
    if (payment.status === 'returned' || payment.reversedBy !== null) return ALREADY_BACK;
    return isSameMoney(payment.terms, terms) ? null : WRONG_AMOUNT;
  }
}

/**
 * What the contract lets the bank say about a payment it took: one that came back was settled.
 *
 * @param {Payment} payment
 */
export function answerOf({ reference, status, reasonCode }) {
  return {
    reference,
    status: status === 'returned' ? 'settled' : status,
    ...(status === 'rejected' && { reason_code: reasonCode }),
    rail_id: railIdOf(reference),
  };
}

/** @param {Terms} first @param {Terms} again */
function isSamePayment(first, again) {
  return isSameMoney(first, again) && first.creditor_iban === again.creditor_iban && first.reverses === again.reverses;
}
