import { Agenda } from './agenda.mjs';
import { Callbacks } from './callbacks.mjs';
import { Execution } from './execution.mjs';
import { Faults } from './faults.mjs';
import { Journal } from './journal.mjs';
import { Payments } from './payments.mjs';
import { Statements } from './statements.mjs';

/**
 * @typedef {object} BankOptions
 * @property {string} journal file it remembers everything in
 * @property {boolean} fsync
 * @property {number} acceptMs how long `bank:accept` takes to settle
 * @property {number} returnMs after how long `bank:return` comes back
 * @property {number} callbackRetryMs first pause between two tries of a callback
 * @property {import('./callbacks.mjs').Target | null} callbackTarget
 * @property {(error: unknown) => void} onFailure the journal cannot be written any more
 */

/**
 * The whole bank. Every change is an entry of the journal first; the parts below are what the entries add up to, which is why a
 * restart on the same file brings everything back.
 */
export class Bank {
  agenda = new Agenda();
  payments = new Payments();
  faults = new Faults();
  statements = new Statements(this);
  isClosing = false;
  /** @type {Journal | undefined} set by `open`, before anybody has the bank */
  #journal;
  tornBytes = 0;

  /** @param {BankOptions} options */
  static async open(options) {
    const bank = new Bank(options);
    const { journal, tornBytes } = await Journal.open(options.journal, {
      fsync: options.fsync,
      onFailure: options.onFailure,
      onEntry: (entry) => bank.#apply(entry),
    });
    bank.#journal = journal;
    bank.tornBytes = tornBytes;
    bank.callbacks.direct(options.callbackTarget);
    return bank;
  }

  /** @param {BankOptions} options */
  constructor({ acceptMs, returnMs, callbackRetryMs }) {
    this.execution = new Execution(this, { acceptMs, returnMs });
    this.callbacks = new Callbacks(this, { retryMs: callbackRetryMs });
  }

  get journal() {
    return /** @type {Journal} */ (this.#journal);
  }

  /**
   * Writes down that something happens, which makes it happen. Who tells anybody of it waits for `journal.written()` first.
   *
   * @param {{event: string, [field: string]: unknown}} event
   */
  record(event) {
    this.#apply(this.journal.append(event));
  }

  /** Goes on with what was due or not yet reported when the process ended. */
  resume() {
    this.execution.resume();
    this.callbacks.resume();
  }

  async close() {
    this.isClosing = true;
    this.agenda.close();
    this.callbacks.close();
    await this.journal.close();
  }

  /** @param {import('./journal.mjs').Entry} entry */
  #apply(entry) {
    this.faults.apply(entry, this.payments.size);
    this.payments.apply(entry);
    this.callbacks.apply(entry);
    this.statements.apply(entry);
  }
}
