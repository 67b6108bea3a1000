import { setTimeout as delay } from 'node:timers/promises';
import { toThousandths } from './amounts.mjs';
import { steeringOf } from './steering.mjs';

/**
 * What goes out: a JSON body, a text that is none, or nothing because the line is cut.
 *
 * @typedef {{status: number, json: unknown, headers?: Record<string, string>} | {status: number, text: string} | 'cut'} Answer
 * @typedef {import('./payments.mjs').Terms} Terms
 */

const LONGEST_REFERENCE = 35;
const GARBAGE = '{"reference": "';

/** POST /payments: what reaches the bank, and how its answer gets back, or does not. */
export class Submissions {
  #bank;
  #held;

  /**
   * @param {import('./bank.mjs').Bank} bank
   * @param {import('./held-requests.mjs').HeldRequests} held
   */
  constructor(bank, held) {
    this.#bank = bank;
    this.#held = held;
  }

  /**
   * @param {string | undefined} key the header Idempotency-Key
   * @param {unknown} body
   * @param {import('./held-requests.mjs').Caller} caller
   * @returns {Promise<Answer>}
   */
  async submit(key, body, caller) {
    const { terms, problem } = read(key, body);
    if (terms === undefined) {
      this.#bank.record({ event: 'refused', key, detail: problem });
      return { status: 400, json: { error: 'invalid_payment', detail: problem } };
    }
    const { fate, settings, latencyMs } = this.#receive(terms);
    const steering = steeringOf(terms.remittance);
    if (fate === 'hang' || steering.act === 'hang') {
      if (!(await this.#held.hold(terms.reference, caller))) return 'cut';
    }
    const answer = this.#answer(terms, fate, settings);
    const lateMs = latencyMs + (steering.act === 'slow' ? steering.afterMs : 0);
    if (lateMs > 0) await delay(lateMs);
    return answer;
  }

  /** @param {Terms} terms */
  #receive(terms) {
    const { reference, amount, currency, remittance } = terms;
    const known = this.#bank.payments.find(reference);
    const ordinal = known?.ordinal ?? this.#bank.payments.size + 1;
    const struck = this.#bank.faults.fateOf(terms, ordinal, (known?.submissions ?? 0) + 1);
    const faults = [...(struck.fate ? [struck.fate] : []), ...(struck.latencyMs > 0 ? ['latency_ms'] : [])];
    this.#bank.record({
      event: 'received',
      reference,
      amount,
      currency,
      remittance,
      ...(faults.length > 0 && { faults }),
    });
    return struck;
  }

  /**
   * @param {Terms} terms
   * @param {string | null} fate
   * @param {any} settings of that fault
   * @returns {Answer}
   */
  #answer(terms, fate, settings) {
    if (fate === 'drop_before') return 'cut';
    if (fate === 'error_before') return { status: settings.status, text: 'The bank is out of order.' };
    if (fate === 'not_accepted') {
      /** @type {Record<string, string>} */
      const headers = settings.retry_after === undefined ? {} : { 'retry-after': String(settings.retry_after) };
      return { status: settings.status, json: { status: 'not_accepted' }, headers };
    }
    const { status, body } = this.#bank.execution.take(terms);
    if (fate === 'execute_then_drop') return 'cut';
    if (fate === 'error_after') return { status: settings.status, text: 'The bank is out of order.' };
    if (fate === 'garbage') return { status: 200, text: GARBAGE };
    return { status, json: body };
  }
}

/**
 * @param {string | undefined} key
 * @param {unknown} body
 * @returns {{terms: Terms, problem?: undefined} | {terms?: undefined, problem: string}}
 */
function read(key, body) {
  if (typeof body !== 'object' || body === null) return { problem: 'the body is no JSON object' };
  const {
    reference,
    amount,
    currency,
    debtor,
    creditor,
    remittance = null,
    reverses = null,
  } = /** @type {any} */ (body);
  const problem = [
    isReference(reference) || 'reference must be 1 to 35 visible characters',
    key === reference || 'Idempotency-Key must be the reference',
    (typeof amount === 'string' && toThousandths(amount) !== null) || 'amount must be a decimal string above zero',
    (typeof currency === 'string' && /^[A-Z]{3}$/.test(currency)) || 'currency must be three capital letters',
    isParty(debtor) || 'debtor must have an iban and a bic, which may be null',
    (isParty(creditor) && typeof creditor.iban === 'string' && typeof creditor.name === 'string') ||
      'creditor must have a name and an iban',
    isTextOrNull(remittance) || 'remittance must be a text',
    reverses === null || isReference(reverses) || 'reverses must be a reference',
  ].find((finding) => typeof finding === 'string');
  if (problem !== undefined) return { problem };
  return { terms: { reference, amount, currency, creditor_iban: creditor.iban, remittance, reverses } };
}

/** @param {unknown} value */
function isReference(value) {
  return typeof value === 'string' && value.length <= LONGEST_REFERENCE && /^[\x21-\x7e]+$/.test(value);
}

/** @param {any} value */
function isParty(value) {
  return typeof value === 'object' && value !== null && isTextOrNull(value.iban) && isTextOrNull(value.bic ?? null);
}

/** @param {unknown} value */
function isTextOrNull(value) {
  return value === null || typeof value === 'string';
}
