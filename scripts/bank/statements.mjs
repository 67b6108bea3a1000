import { randomUUID } from 'node:crypto';
import { oneMore } from './amounts.mjs';
import { railIdOf } from './payments.mjs';

/**
 * @typedef {object} StatementLine
 * @property {string} rail_id
 * @property {string} reference
 * @property {string} amount
 * @property {string} currency
 * @property {'settled' | 'rejected' | 'returned'} status
 * @property {string} booked_at ISO 8601
 */

const STATUS_OF = /** @type {const} */ ({ executed: 'settled', rejected: 'rejected', returned: 'returned' });
const FAULTS = /** @type {const} */ (['statement_omit', 'statement_amount', 'statement_duplicate']);

/** What the bank booked, and what its statements say of it. */
export class Statements {
  #bank;
  /** @type {StatementLine[]} in the order they were booked */
  #lines = [];
  /** What each fault struck: it keeps to it, as a bank that is wrong about a payment is wrong every time. @type {Map<string, Set<string>>} */
  #struck = new Map();

  /** @param {import('./bank.mjs').Bank} bank */
  constructor(bank) {
    this.#bank = bank;
  }

  /** @param {import('./journal.mjs').Entry} entry */
  apply(entry) {
    if (entry.event === 'faults') this.#struck = new Map(FAULTS.map((name) => [name, new Set()]));
    if (entry.event === 'statement_line') this.#lines.push(entry.line);
    if (!Object.hasOwn(STATUS_OF, entry.event)) return;
    const { reference, amount, currency, at } = entry;
    const status = STATUS_OF[/** @type {keyof typeof STATUS_OF} */ (entry.event)];
    this.#lines.push({ rail_id: railIdOf(reference), reference, amount, currency, status, booked_at: at });
  }

  /**
   * Adds a booking that nobody asked for.
   *
   * @param {Omit<StatementLine, 'rail_id' | 'booked_at'> & {rail_id?: string, booked_at?: string}} line
   * @returns {StatementLine}
   */
  invent({ rail_id = `bank-${randomUUID()}`, booked_at, ...line }) {
    const bookedAt = booked_at === undefined ? new Date() : new Date(booked_at);
    const invented = { rail_id, ...line, booked_at: bookedAt.toISOString() };
    this.#bank.record({ event: 'statement_line', reference: line.reference, line: invented });
    return invented;
  }

  /**
   * @param {number} fromMs
   * @param {number} toMs
   * @returns {StatementLine[]} booked from `fromMs` to just before `toMs`, oldest first
   */
  between(fromMs, toMs) {
    return this.#lines
      .map((line) => ({ line, atMs: Date.parse(line.booked_at) }))
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .sort((one, other) => one.atMs - other.atMs)
      .flatMap(({ line }) => this.#asStated(line));
  }

  /** @param {StatementLine} line @returns {StatementLine[]} */
  #asStated(line) {
    if (this.#isStruck('statement_omit', line)) return [];
    const amount = this.#isStruck('statement_amount', line) ? oneMore(line.amount) : line.amount;
    const stated = { ...line, amount };
    if (!this.#isStruck('statement_duplicate', line)) return [stated];
    return [stated, { ...stated, rail_id: `${line.rail_id}-again` }];
  }

  /** @param {typeof FAULTS[number]} fault @param {StatementLine} line */
  #isStruck(fault, { reference }) {
    const struck = this.#struck.get(fault);
    if (struck === undefined || struck.has(reference)) return struck !== undefined;
    const payment = this.#bank.payments.find(reference);
    const terms = payment?.terms ?? { reference, remittance: null };
    if (this.#bank.faults.strikes(fault, terms, payment?.ordinal ?? 0, 0) === null) return false;
    this.#bank.faults.count(fault);
    struck.add(reference);
    return true;
  }
}
