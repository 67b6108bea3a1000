import {
  Agent as HttpAgent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
  type RequestOptions,
  validateHeaderValue,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { within } from '../../../platform/deadline.js';
import { parseStrictJson } from '../../../platform/http/index.js';
import type { BankReply, LostCode, NotSentCode } from '../domain/bank-answer.js';

export interface BankClientSettings {
  readonly url: string;
  /** Sent as Bearer. */
  readonly token: string | undefined;
  /** For a whole answer, connecting included. */
  readonly timeoutMs: number;
  /** Connections open at a time. */
  readonly concurrency: number;
}

export interface BankRequest {
  readonly method: 'GET' | 'POST';
  /** Below the bank's address, from its slash on. */
  readonly path: string;
  readonly idempotencyKey?: string;
  readonly body?: string;
}

const MAX_ANSWER_BYTES = 65_536;
const MAX_STATEMENT_BYTES = 1_073_741_824;
/**
 * An idle connection is given up before a server does it: a request that meets a connection the other side is just closing is in doubt.
 * Node, Apache and most load balancers wait 5 s or longer; who announces less (`Keep-Alive: timeout=`) is heeded by Node's agent.
 */
const MAX_IDLE_MS = 3_000;

const NOT_SENT: Readonly<Record<string, NotSentCode>> = {
  ECONNREFUSED: 'connection_refused',
  ENOTFOUND: 'dns_failure',
  EAI_AGAIN: 'dns_failure',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'connect_timeout',
};

/**
 * The bank's API over node:http(s): `fetch` costs five to ten times the CPU. Nothing of a request is handed to a connection before that
 * is established (TLS: and its certificate verified), so whether it may have left this machine is never a guess.
 */
export class BankClient {
  private readonly target: { readonly hostname: string; readonly port: number | string | undefined };
  private readonly authorization: string | undefined;
  private readonly basePath: string;
  private readonly isTls: boolean;
  private readonly agent: HttpAgent;

  /** @throws Error when the address or the token cannot be used in a request */
  constructor(private readonly settings: BankClientSettings) {
    const url = new URL(settings.url);
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
      throw new Error('RAIL_HTTP_URL is an address and a path, without a user, a query or a fragment');
    validateHeaderValue('authorization', `Bearer ${settings.token ?? ''}`);
    const { hostname, port } = urlToHttpOptions(url);
    this.target = { hostname: hostname ?? '', port: port ?? undefined };
    this.authorization = settings.token === undefined ? undefined : `Bearer ${settings.token}`;
    this.isTls = url.protocol === 'https:';
    this.basePath = url.pathname.replace(/\/+$/, '');
    const { concurrency } = settings;
    this.agent = this.newAgent({
      keepAlive: true,
      maxSockets: concurrency,
      maxFreeSockets: concurrency,
      timeout: MAX_IDLE_MS,
    });
  }

  /** One call. Never rejects: what went wrong is the reply. */
  async call(request: BankRequest): Promise<BankReply> {
    const outgoing = this.open(request, this.agent);
    const exchange = new Exchange(outgoing, this.settings.timeoutMs);
    outgoing.on('socket', (socket) => {
      const write = (): void => exchange.write(request.body);
      if (outgoing.reusedSocket) write();
      // Were the event ever missed, the call would time out as never sent: the safe side.
      else socket.once(this.isTls ? 'secureConnect' : 'connect', write);
    });
    outgoing.on('response', (response) => exchange.read(response));
    outgoing.on('error', (error) => exchange.fail(error));
    // After the agent has its connection back, so that the next call finds it.
    return new Promise((resolve) => outgoing.on('close', () => resolve(exchange.end(this.isTls))));
  }

  /**
   * The body of a GET as it arrives, on a connection of its own. It may take as long as its reader; only the bank is waited for no longer
   * than for any answer.
   *
   * @throws Error when there is no whole answer with status 200
   */
  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const { timeoutMs } = this.settings;
    const outgoing = this.open({ method: 'GET', path }, this.newAgent({ keepAlive: false }));
    try {
      const response = await within(timeoutMs, () => answerTo(outgoing));
      if (response.statusCode !== 200) throw new Error(`the bank answered ${response.statusCode}`);
      const parts = response[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
      let bytes = 0;
      for (;;) {
        const { value: part } = await within(timeoutMs, () => parts.next());
        if (part === undefined) return;
        bytes += part.length;
        if (bytes > MAX_STATEMENT_BYTES) throw new Error(`the answer is larger than ${MAX_STATEMENT_BYTES} bytes`);
        yield part;
      }
    } finally {
      outgoing.destroy();
    }
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.agent.destroy();
  }

  /** Without spreads: they were the most expensive thing we did ourselves for a call. */
  private open({ method, path, idempotencyKey, body }: BankRequest, agent: HttpAgent): ClientRequest {
    const headers: OutgoingHttpHeaders = { accept: 'application/json' };
    if (this.authorization !== undefined) headers.authorization = this.authorization;
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(body);
    }
    const { hostname, port } = this.target;
    const options: RequestOptions = { hostname, port, agent, method, path: this.basePath + path, headers };
    return this.isTls ? httpsRequest(options) : httpRequest(options);
  }

  private newAgent(options: AgentOptions): HttpAgent {
    return this.isTls ? new HttpsAgent(options) : new HttpAgent(options);
  }
}

/** One request, and what comes back. */
class Exchange {
  private readonly timer: NodeJS.Timeout;
  private readonly parts: Buffer[] = [];
  private bytes = 0;
  private mayHaveLeft = false;
  private response: IncomingMessage | null = null;
  private givenUp: LostCode | null = null;
  private errorCode = '';

  constructor(
    private readonly outgoing: ClientRequest,
    timeoutMs: number,
  ) {
    this.timer = setTimeout(() => this.giveUp('timeout'), timeoutMs);
  }

  write(body: string | undefined): void {
    if (this.outgoing.destroyed) return;
    this.mayHaveLeft = true;
    this.outgoing.end(body);
  }

  read(response: IncomingMessage): void {
    this.response = response;
    response.on('data', (part: Buffer) => {
      this.bytes += part.length;
      if (this.bytes > MAX_ANSWER_BYTES) this.giveUp('unreadable_answer');
      else this.parts.push(part);
    });
    response.on('error', (error) => this.fail(error));
  }

  fail(error: NodeJS.ErrnoException): void {
    if (this.errorCode === '') this.errorCode = error.code ?? '';
  }

  /** What it came to, now that nothing more can come. */
  end(isTls: boolean): BankReply {
    clearTimeout(this.timer);
    const { response, givenUp } = this;
    if (!this.mayHaveLeft) return { kind: 'not_sent', code: this.whyNotSent(isTls) };
    if (givenUp !== null) return { kind: 'lost', code: givenUp };
    if (response?.complete !== true)
      return { kind: 'lost', code: this.errorCode.startsWith('HPE_') ? 'unreadable_answer' : 'connection_lost' };
    const { 'retry-after': retryAfter = null } = response.headers;
    return { kind: 'answered', status: response.statusCode ?? 0, retryAfter, body: this.json() };
  }

  private giveUp(why: LostCode): void {
    if (this.response?.complete === true && this.bytes <= MAX_ANSWER_BYTES) return;
    this.givenUp ??= why;
    this.outgoing.destroy();
  }

  private whyNotSent(isTls: boolean): NotSentCode {
    if (this.givenUp !== null) return 'connect_timeout';
    return NOT_SENT[this.errorCode] ?? (isTls ? 'tls_failed' : 'not_connected');
  }

  /** Undefined when it is not JSON, or not JSON as one system writes it for another. */
  private json(): unknown {
    try {
      return parseStrictJson(this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts));
    } catch {
      return undefined;
    }
  }
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.on('close', () => reject(new Error('the connection broke')));
    outgoing.end();
  });
}
