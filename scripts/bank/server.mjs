import { timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { controlRoutes } from './control.mjs';
import { answerOf } from './execution.mjs';
import { HeldRequests } from './held-requests.mjs';
import { Submissions } from './submissions.mjs';

/**
 * @typedef {import('./submissions.mjs').Answer} Answer
 * @typedef {{body: any, key: string | undefined, path: string, query: URLSearchParams, caller: import('./held-requests.mjs').Caller}} Call
 */

const LARGEST_BODY_BYTES = 1 << 20;
// Longer than any client keeps a connection it does not use: it is the client's to close, so that no request meets a closing one.
const KEEP_ALIVE_MS = 120_000;
const GRACE_MS = 3_000;

/** @type {Answer} */
const NOT_FOUND = { status: 404, json: { error: 'not_found' } };

/** The bank's HTTP side. */
export class BankServer {
  #bank;
  #token;
  #held = new HeldRequests();
  #submissions;
  #control;
  #server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    this.#serve(request, response).catch((error) => {
      // A caller that went away in the middle of its request has asked for nothing; anything else is a mistake of ours.
      if (!request.destroyed || request.complete) console.error(error);
      response.destroy();
    });
  });
  /** How often each reference was asked for. @type {Map<string, number>} */
  #inquiries = new Map();

  /**
   * @param {import('./bank.mjs').Bank} bank
   * @param {{token: string | undefined}} options
   */
  constructor(bank, { token }) {
    this.#bank = bank;
    this.#token = token;
    this.#submissions = new Submissions(bank, this.#held);
    this.#control = controlRoutes(bank, this.#held);
  }

  /**
   * @param {number} port 0 picks a free one
   * @param {string} host
   * @returns {Promise<number>} the port
   */
  async listen(port, host) {
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, () => resolve(undefined));
    });
    return /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port;
  }

  /** Answers what it is about to answer, and cuts off the rest. */
  async close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#held.abandon();
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), GRACE_MS);
    await closed;
    clearTimeout(cut);
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #serve(request, response) {
    const url = new URL(request.url ?? '/', 'http://bank');
    const answer = await this.#answer(request, response, url);
    // Whatever the answer tells must not be undone by a crash, not even what another request wrote.
    await this.#bank.journal.written();
    if (answer === 'cut') return void response.destroy();
    const isJson = 'json' in answer;
    const text = isJson ? JSON.stringify(answer.json) : answer.text;
    response.writeHead(answer.status, {
      'content-type': isJson ? 'application/json' : 'text/plain',
      'content-length': Buffer.byteLength(text),
      ...(isJson && answer.headers),
    });
    response.end(text);
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   * @param {URL} url
   * @returns {Promise<Answer>}
   */
  async #answer(request, response, { pathname: path, searchParams: query }) {
    const route = this.#route(request.method ?? '', path);
    if (path === '/health') return { status: 200, json: { status: 'ok', payments: this.#bank.payments.size } };
    if (!this.#isAllowed(request.headers.authorization)) return { status: 401, json: { error: 'unauthorized' } };
    const text = await readText(request);
    if (text === null) return { status: 413, json: { error: 'body_too_large' } };
    if (route === undefined) return NOT_FOUND;
    const key = request.headers['idempotency-key'];
    const caller = { onGone: (/** @type {() => void} */ action) => void response.once('close', action) };
    return route({ body: fromJson(text), key: key?.toString(), path, query, caller });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @returns {((call: Call) => Answer | Promise<Answer>) | undefined}
   */
  #route(method, path) {
    if (path === '/payments' && method === 'POST')
      return ({ key, body, caller }) => this.#submissions.submit(key, body, caller);
    if (path.startsWith('/payments/') && method === 'GET') return (call) => this.#inquire(call);
    if (path === '/statements' && method === 'GET') return (call) => this.#statement(call);
    const route = `${method} ${path}`;
    return Object.hasOwn(this.#control, route) ? this.#control[route] : undefined;
  }

  /** @param {Call} call @returns {Promise<Answer>} */
  async #inquire({ path }) {
    const reference = decoded(path.slice('/payments/'.length));
    const turn = (this.#inquiries.get(reference) ?? 0) + 1;
    this.#inquiries.set(reference, turn);
    const payment = this.#bank.payments.find(reference);
    const terms = payment?.terms ?? { reference, remittance: null };
    const { faults } = this.#bank;
    const lateMs = faults.latencyMs(terms, payment?.ordinal ?? 0, turn);
    if (lateMs > 0) faults.count('latency_ms');
    const error = faults.strikes('inquiry_error', terms, payment?.ordinal ?? 0, turn);
    if (error) faults.count('inquiry_error');
    if (lateMs > 0) await delay(lateMs);
    if (error) return { status: error.status, text: 'The bank is out of order.' };
    if (!payment?.terms || payment.visibleAtMs > Date.now()) return NOT_FOUND;
    return { status: 200, json: answerOf(payment) };
  }

  /** @param {Call} call @returns {Answer} */
  #statement({ query }) {
    const [fromMs, toMs] = ['from', 'to'].map((name) => Date.parse(query.get(name) ?? ''));
    if (Number.isNaN(fromMs) || Number.isNaN(toMs))
      return { status: 400, json: { error: 'invalid_query', detail: 'from and to must be times in ISO 8601' } };
    return { status: 200, json: { lines: this.#bank.statements.between(fromMs, toMs) } };
  }

  /** @param {string | undefined} authorization */
  #isAllowed(authorization = '') {
    if (this.#token === undefined) return true;
    const [given, wanted] = [Buffer.from(authorization), Buffer.from(`Bearer ${this.#token}`)];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

/**
 * @param {http.IncomingMessage} request
 * @returns {Promise<string | null>} null when it is too large; rejects when the caller goes away before its end
 */
function readText(request) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
      if (size <= LARGEST_BODY_BYTES) chunks.push(chunk);
    });
    request.once('end', () => resolve(size > LARGEST_BODY_BYTES ? null : Buffer.concat(chunks).toString()));
    request.once('error', reject);
  });
}

/** @param {string} text of a path @returns {string} as it is when it cannot be decoded: it names nothing then */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} text @returns {unknown} undefined when it is no JSON */
function fromJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
