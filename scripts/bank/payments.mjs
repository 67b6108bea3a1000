import { Sums } from './amounts.mjs';

/**
 * What a submission asks for.
 *
 * @typedef {object} Terms
 * @property {string} reference
 * @property {string} amount a decimal string
 * @property {string} currency
 * @property {string} creditor_iban
 * @property {string | null} remittance
 * @property {string | null} reverses the reference of the payment it takes back
 */

/**
 * What the bank knows of one reference.
 *
 * @typedef {object} Payment
 * @property {string} reference
 * @property {number} ordinal 1 for the first reference that ever came in, and so on
 * @property {number} submissions
 * @property {number} executions must never be more than 1
 * @property {number} callbacks
 * @property {Terms | null} terms of the submission that was taken, if one was
 * @property {'accepted' | 'settled' | 'rejected' | 'returned' | null} status null: never taken
 * @property {string | null} reasonCode
 * @property {number} visibleAtMs GET /payments does not know it before
 * @property {{atMs: number, reasonCode: string | null} | null} end of an accepted payment; with a reason code it is rejected
 * @property {{atMs: number, reasonCode: string} | null} returnDue
 * @property {string | null} reversedBy
 */

/** @param {string} reference */
export const railIdOf = (reference) => `bank-${reference}`;

/** Everything the bank was asked for and did: what the journal says, in memory. It changes through entries of the journal only. */
export class Payments {
  /** @type {Map<string, Payment>} */
  #byReference = new Map();
  #counts = { submissions: 0, refused: 0, conflicts: 0 };

  get size() {
    return this.#byReference.size;
  }

  /** @returns {Iterable<Payment>} in the order in which their references first came in */
  all() {
    return this.#byReference.values();
  }

  /** @param {string} reference */
  find(reference) {
    return this.#byReference.get(reference);
  }

  /** @param {string} reference @returns {Payment} */
  get(reference) {
    const payment = this.#byReference.get(reference);
    if (payment === undefined) throw new Error(`The journal does not know ${reference}`);
    return payment;
  }

  /** @param {import('./journal.mjs').Entry} entry */
  apply(entry) {
    switch (entry.event) {
      case 'received':
        this.#counts.submissions += 1;
        this.#receive(entry.reference).submissions += 1;
        break;
      case 'refused':
        this.#counts.refused += 1;
        break;
      case 'conflict':
        this.#counts.conflicts += 1;
        break;
      case 'accepted':
        this.#take(entry, 'accepted').end = { atMs: Date.parse(entry.ends_at), reasonCode: entry.ends_with ?? null };
        break;
      case 'executed':
        this.#take(entry, 'settled').executions += 1;
        if (entry.reverses) this.get(entry.reverses).reversedBy = entry.reference;
        break;
      case 'rejected':
        this.#take(entry, 'rejected').reasonCode = entry.reason_code;
        break;
      case 'return_due':
        this.get(entry.reference).returnDue = { atMs: Date.parse(entry.due_at), reasonCode: entry.reason_code };
        break;
      case 'returned':
        Object.assign(this.get(entry.reference), { status: 'returned', returnDue: null });
        break;
      case 'callback':
        if (this.#byReference.has(entry.reference)) this.get(entry.reference).callbacks += 1;
        break;
    }
  }

  summary() {
    const statuses = { accepted: 0, executed: 0, rejected: 0, returned: 0 };
    const [sums, reversalSums, returnedSums] = [new Sums(), new Sums(), new Sums()];
    let [mostExecutions, mostSubmissions] = [0, 0];
    for (const { terms, status, executions, submissions } of this.all()) {
      mostExecutions = Math.max(mostExecutions, executions);
      mostSubmissions = Math.max(mostSubmissions, submissions);
      if (status === 'accepted' || status === 'rejected' || status === 'returned') statuses[status] += 1;
      if (executions === 0 || terms === null) continue;
      statuses.executed += 1;
      (terms.reverses === null ? sums : reversalSums).add(terms.currency, terms.amount);
      if (status === 'returned') returnedSums.add(terms.currency, terms.amount);
    }
    return {
      ...this.#counts,
      references: this.size,
      ...statuses,
      most_executions: mostExecutions,
      most_submissions: mostSubmissions,
      sums,
      reversal_sums: reversalSums,
      returned_sums: returnedSums,
    };
  }

  /** @param {string} reference */
  #receive(reference) {
    const known = this.#byReference.get(reference);
    if (known !== undefined) return known;
    /** @type {Payment} */
    const payment = {
      reference,
      ordinal: this.size + 1,
      submissions: 0,
      executions: 0,
      callbacks: 0,
      terms: null,
      status: null,
      reasonCode: null,
      visibleAtMs: 0,
      end: null,
      returnDue: null,
      reversedBy: null,
    };
    this.#byReference.set(reference, payment);
    return payment;
  }

  /**
   * @param {import('./journal.mjs').Entry} entry
   * @param {'accepted' | 'settled' | 'rejected'} status
   */
  #take({ reference, amount, currency, creditor_iban, remittance, reverses, visible_at }, status) {
    const payment = this.get(reference);
    payment.terms = { reference, amount, currency, creditor_iban, remittance, reverses };
    payment.status = status;
    payment.end = null;
    if (visible_at !== undefined) payment.visibleAtMs = Date.parse(visible_at);
    return payment;
  }
}
