import type { ClientRequest, IncomingMessage } from 'node:http';
import { NameRefused } from './checked-lookup.js';
import type { OutboundFailure } from './outcome.js';

const MAX_ANSWER_BYTES = 65_536;

/** What an exchange came to. */
export type ExchangeEnd =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | undefined }
  /** `why` is for the log: the code of an error, a rule or an address; never a part of the URL but its host. */
  | { readonly kind: 'failed'; readonly failure: OutboundFailure; readonly why: string };

/** Sends the request and waits for the end of its answer, both within `timeoutMs`. Never rejects, and leaves no connection behind. */
export function exchange(outgoing: ClientRequest, body: string, timeoutMs: number): Promise<ExchangeEnd> {
  return new Promise((resolve) => new Exchange(outgoing, resolve).run(body, timeoutMs));
}

class Exchange {
  private timer: NodeJS.Timeout | undefined;
  private bytes = 0;
  private progress: 'connecting' | 'securing' | 'sent' = 'connecting';
  private hasEnded = false;

  constructor(
    private readonly outgoing: ClientRequest,
    private readonly resolve: (end: ExchangeEnd) => void,
  ) {}

  run(body: string, timeoutMs: number): void {
    const isTls = this.outgoing.protocol === 'https:';
    // One timer over everything: whoever sends a byte now and then gains nothing by it.
    this.timer = setTimeout(() => this.fail('timed_out', this.progress), timeoutMs);
    const send = (): void => {
      this.progress = 'sent';
      this.outgoing.end(body);
    };
    this.outgoing.on('socket', (socket) => {
      socket.once('connect', () => (isTls ? (this.progress = 'securing') : send()));
      // Emitted for a certificate that is good. Nothing is written before.
      if (isTls) socket.once('secureConnect', send);
    });
    this.outgoing.on('response', (response) => this.read(response));
    this.outgoing.on('error', (error) => this.break(error));
    this.outgoing.on('close', () => this.break(new Error('closed')));
  }

  /** To its end, which only a whole answer has. What it says is nobody's business. */
  private read(response: IncomingMessage): void {
    response.on('data', (part: Buffer) => {
      this.bytes += part.length;
      if (this.bytes > MAX_ANSWER_BYTES) this.fail('answer_too_large', 'body');
    });
    response.on('error', (error) => this.break(error));
    response.on('end', () => {
      if (!response.complete) return;
      const { statusCode: status = 0, headers } = response;
      this.end({ kind: 'answered', status, retryAfter: headers['retry-after'] });
    });
  }

  private break(error: NodeJS.ErrnoException): void {
    const { code = 'closed' } = error;
    if (error instanceof NameRefused) return this.fail(error.failure, error.why);
    if (code === 'HPE_HEADER_OVERFLOW') return this.fail('answer_too_large', 'headers');
    switch (this.progress) {
      case 'connecting':
        return this.fail('connection_failed', code);
      case 'securing':
        return this.fail('tls_error', code);
      case 'sent':
        return this.fail('connection_lost', code);
    }
  }

  private fail(failure: OutboundFailure, why: string): void {
    this.end({ kind: 'failed', failure, why });
  }

  /** The first end counts: destroying the request causes further ones. */
  private end(end: ExchangeEnd): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearTimeout(this.timer);
    this.outgoing.destroy();
    this.resolve(end);
  }
}
