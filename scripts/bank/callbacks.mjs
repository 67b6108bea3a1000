import { createHmac, randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

const PARALLEL = 32;
const TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * @typedef {{reference: string, status: string | null, reason_code?: string | null, rail_id?: string}} Notice
 * @typedef {{id: string, copy: number, notice: Notice}} Delivery
 * @typedef {{url: string, secret: string}} Target
 */

/** Tells our side what happened, signed as Standard Webhooks, again and again until it is taken with a 2xx. */
export class Callbacks {
  #bank;
  #retryMs;
  /** @type {Target | null} */
  #target = null;
  /** What was not taken yet, by id and copy. @type {Map<string, Delivery>} */
  #open = new Map();
  #delivered = 0;
  /** @type {{delivery: Delivery, failures: number}[]} */
  #queue = [];
  #running = 0;
  #agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: PARALLEL }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: PARALLEL }),
  };

  /**
   * @param {import('./bank.mjs').Bank} bank
   * @param {{retryMs: number}} options
   */
  constructor(bank, { retryMs }) {
    this.#bank = bank;
    this.#retryMs = retryMs;
  }

  get target() {
    return this.#target;
  }

  /** What waits is sent there as soon as its next try is due. @param {Target | null} target */
  direct(target) {
    this.#target = target;
  }

  /** @param {import('./journal.mjs').Entry} entry */
  apply(entry) {
    if (entry.event === 'callback') {
      const { id, reference, status, reason_code, rail_id } = entry;
      for (let copy = 1; copy <= entry.copies; copy += 1) {
        this.#open.set(keyOf({ id, copy }), { id, copy, notice: { reference, status, reason_code, rail_id } });
      }
    }
    if (entry.event === 'callback_delivered') {
      this.#delivered += 1;
      this.#open.delete(keyOf(/** @type {any} */ (entry)));
    }
  }

  /** Takes up again what was not taken when the process ended. */
  resume() {
    for (const delivery of this.#open.values()) this.#enqueue(delivery, 0);
  }

  /**
   * Sends news of a payment, and whatever the faults add to it.
   *
   * @param {import('./payments.mjs').Payment} payment
   * @param {Notice} notice
   */
  report(payment, notice) {
    if (this.#target === null || payment.terms === null) return;
    const { terms, ordinal, callbacks: turn } = payment;
    const duplicate = this.#bank.faults.strikes('duplicate_callbacks', terms, ordinal, turn);
    const contradict = this.#bank.faults.strikes('contradictory_callbacks', terms, ordinal, turn);
    this.send(notice, duplicate ? { copies: duplicate.times, faults: ['duplicate_callbacks'] } : undefined);
    if (contradict) this.send(oppositeOf(notice), { faults: ['contradictory_callbacks'] });
  }

  /**
   * @param {Notice} notice
   * @param {{copies?: number, faults?: string[]}} [how]
   * @returns {string} its id
   */
  send(notice, { copies = 1, faults } = {}) {
    const id = `msg_${randomUUID()}`;
    this.#bank.record({ event: 'callback', id, ...notice, copies, faults });
    for (let copy = 1; copy <= copies; copy += 1) {
      const delivery = this.#open.get(keyOf({ id, copy }));
      if (delivery) this.#enqueue(delivery, 0);
    }
    return id;
  }

  summary() {
    return { callbacks: { delivered: this.#delivered, open: this.#open.size } };
  }

  close() {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  /** A few at a time. @param {Delivery} delivery @param {number} failures so far */
  #enqueue(delivery, failures) {
    this.#queue.push({ delivery, failures });
    if (this.#running < PARALLEL) void this.#work();
  }

  async #work() {
    this.#running += 1;
    for (let next = this.#queue.shift(); next && !this.#bank.isClosing; next = this.#queue.shift()) {
      await this.#deliver(next.delivery, next.failures);
    }
    this.#running -= 1;
  }

  /** @param {Delivery} delivery @param {number} failures so far */
  async #deliver(delivery, failures) {
    const { id, copy, notice } = delivery;
    await this.#bank.journal.written(); // nobody is told what a crash could undo
    const answer = this.#target === null ? 'no callback URL' : await this.#post(this.#target, id, notice);
    if (this.#bank.isClosing) return;
    const { reference } = notice;
    if (typeof answer === 'number' && answer >= 200 && answer < 300) {
      this.#bank.record({ event: 'callback_delivered', id, copy, reference, answer });
      return;
    }
    // Without anywhere to send it there was no try to write down.
    if (this.#target !== null) this.#bank.record({ event: 'callback_failed', id, copy, reference, answer });
    const pauseMs = Math.min(this.#retryMs * 2 ** failures, LONGEST_PAUSE_MS);
    const failuresNow = this.#target === null ? failures : failures + 1;
    this.#bank.agenda.at(Date.now() + pauseMs, () => this.#enqueue(delivery, failuresNow));
  }

  /**
   * @param {Target} target
   * @param {string} id
   * @param {Notice} notice
   * @returns {Promise<number | string>} the status of the answer, or why there was none
   */
  #post({ url, secret }, id, notice) {
    const { protocol } = new URL(url);
    const isTls = protocol === 'https:';
    const body = JSON.stringify(notice);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const options = {
      method: 'POST',
      agent: this.#agents[isTls ? 'https:' : 'http:'],
      timeout: TIMEOUT_MS,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': sign(secret, `${id}.${timestamp}.${body}`),
      },
    };
    return new Promise((resolve) => {
      const request = (isTls ? https : http).request(url, options, (response) => {
        response.once('error', (error) => resolve(error.message));
        response.once('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 'cut answer'));
        response.resume();
      });
      request.once('timeout', () => request.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
      request.once('error', (error) => resolve(/** @type {NodeJS.ErrnoException} */ (error).code ?? error.message));
      request.end(body);
    });
  }
}

/** @param {string} secret `whsec_` and Base64 @param {string} signed */
function sign(secret, signed) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

/** @param {Pick<Delivery, 'id' | 'copy'>} delivery */
const keyOf = ({ id, copy }) => `${id}#${copy}`;

/** @param {Notice} notice @returns {Notice} */
function oppositeOf({ reference, status, rail_id }) {
  if (status === 'rejected') return { reference, status: 'settled', rail_id };
  return { reference, status: 'rejected', reason_code: 'MS03', rail_id };
}
