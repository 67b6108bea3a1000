import type { OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../../../config/config.schema.js';
import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';
import { createLogger } from '../../../platform/logging/index.js';
import {
  type BankReply,
  inquiryAnswer,
  isRailFailure,
  retryAfterMs,
  submissionOutcome,
} from '../domain/bank-answer.js';
import { paymentMessage } from '../domain/bank-message.js';
import {
  HTTP,
  type PaymentOperation,
  type Rail,
  type RailBooking,
  type RailNotice,
  type RailPayment,
  type RailTraits,
} from '../domain/rail.js';
import { readBooking } from '../domain/statement-booking.js';
import { StatementReader } from '../domain/statement-reader.js';
import { linesWithin, type Pace, paceAfter, type PaceLimits } from '../domain/throughput.js';
import type { RailsMetrics } from '../rails.metrics.js';
import { BankClient, type BankRequest } from './bank-client.js';
import { type CallOptions, type CallVerdict, RailGate, type Refusal, type Started } from './rail-gate.js';

const STATEMENT_PAGE = 5_000;
const FIRST_OPEN_MS = 2_000;
const LONGEST_OPEN_MS = 60_000;
/** What counts against the rate: payments. Doubt must not wait until everything else is sent. */
const IS_METERED: Readonly<Record<PaymentOperation, boolean>> = { submit: true, inquire: false };
/** Questions are asked in this part of a lease; there is no window to renew it. */
const ASKING_SHARE = 0.5;

interface Call extends CallVerdict {
  readonly reply: BankReply;
}

const logger = createLogger('rails');

/** A bank's API. What counts as its word is in bank-answer.ts, when it is called in rail-gate.ts. */
export class HttpRail implements Rail, OnApplicationShutdown {
  readonly name = HTTP;
  readonly traits: RailTraits;
  private readonly client: BankClient;
  private readonly gate: RailGate;
  private readonly limits: PaceLimits;
  private pace: Pace = null;

  constructor(
    private readonly config: Config & { readonly RAIL_HTTP_URL: string },
    private readonly metrics: RailsMetrics,
  ) {
    const { RAIL_CONCURRENCY: concurrency, RAIL_RATE_PER_SECOND: ratePerSecond } = config;
    this.traits = { deduplicates: true, visibilityHorizonMs: config.RAIL_VISIBILITY_HORIZON_MS, reverses: false };
    this.limits = { concurrency, ratePerSecond };
    this.client = new BankClient({
      url: config.RAIL_HTTP_URL,
      token: config.RAIL_HTTP_TOKEN,
      timeoutMs: config.RAIL_HTTP_TIMEOUT_MS,
      concurrency,
    });
    this.gate = new RailGate(this.name, { ...this.limits, firstOpenMs: FIRST_OPEN_MS, longestOpenMs: LONGEST_OPEN_MS });
    metrics.watch(this.name, this.gate);
  }

  pausedForMs(operation: PaymentOperation): number {
    return this.gate.pausedForMs(IS_METERED[operation]);
  }

  windowLines(budgetMs: number): number {
    return linesWithin(budgetMs, this.pace, this.limits);
  }

  async submit(payments: readonly RailPayment[], signal: AbortSignal): Promise<PaymentOutcome[]> {
    const startedAt = performance.now();
    const options: CallOptions = { signal, isMetered: IS_METERED.submit };
    const started: Promise<PaymentOutcome>[] = [];
    let held = WINDOW_CLOSED;
    for (const payment of payments) {
      const start = await this.gate.start(() => this.call('submit', paymentRequest(payment)), options);
      if ('refused' in start) {
        held = start;
        break;
      }
      started.push(this.outcomeOf(payment.reference, start));
    }
    const outcomes = await Promise.all(started);
    // A bank that takes nothing does it fast: that says nothing about how long a payment takes.
    const lines = outcomes.filter(({ kind }) => kind !== 'not_sent' && kind !== 'not_accepted').length;
    this.pace = paceAfter(this.pace, { lines, elapsedMs: performance.now() - startedAt }, this.limits);
    return payments.map((_, index) => outcomes[index] ?? heldBack(held));
  }

  async inquire(references: readonly string[]): Promise<PaymentAnswer[]> {
    const signal = AbortSignal.timeout(this.config.CHUNK_LEASE_MS * ASKING_SHARE);
    const options: CallOptions = { signal, isMetered: IS_METERED.inquire };
    const started: Promise<PaymentAnswer>[] = [];
    let held = WINDOW_CLOSED;
    for (const reference of references) {
      const request: BankRequest = { method: 'GET', path: `/payments/${encodeURIComponent(reference)}` };
      const start = await this.gate.start(() => this.call('inquire', request), options);
      if ('refused' in start) {
        held = start;
        break;
      }
      started.push(this.answerOf(reference, start));
    }
    const answers = await Promise.all(started);
    const notAsked: PaymentAnswer = { kind: 'unknown', code: held.refused, detail: 'The rail was not asked' };
    return references.map((_, index) => answers[index] ?? notAsked);
  }

  /** The bank calls us: see BankCallbacks. */
  async fetchNotices(): Promise<RailNotice[]> {
    return [];
  }

  async acknowledgeNotices(): Promise<void> {
    // There are none.
  }

  async *fetchStatement(from: Date, to: Date): AsyncGenerator<readonly RailBooking[]> {
    const startedAt = performance.now();
    const reader = new StatementReader();
    let page: RailBooking[] = [];
    let count = 0;
    let outcome = 'failed';
    try {
      for await (const bytes of this.client.stream(`/statements?from=${isoOf(from)}&to=${isoOf(to)}`)) {
        for (const line of reader.push(bytes)) {
          page.push(readBooking(line, count++));
          if (page.length < STATEMENT_PAGE) continue;
          yield page;
          page = [];
        }
      }
      reader.end();
      outcome = 'read';
      if (page.length > 0) yield page;
    } finally {
      this.metrics.called(this.name, 'statement', outcome);
      this.metrics.took(this.name, 'statement', performance.now() - startedAt);
    }
  }

  onApplicationShutdown(): void {
    this.client.close();
  }

  private async call(operation: PaymentOperation, request: BankRequest): Promise<Call> {
    const startedAt = performance.now();
    const reply = await this.client.call(request);
    this.metrics.took(this.name, operation, performance.now() - startedAt);
    return {
      reply,
      isRailFailure: isRailFailure(reply, operation),
      retryAfterMs: retryAfterMs(reply, Date.now(), this.config.RETRY_MAX_MS),
      code: reply.kind === 'answered' ? `http_${reply.status}` : reply.code,
    };
  }

  private async outcomeOf(reference: string, started: Started<Call>): Promise<PaymentOutcome> {
    const outcome = await this.meaningOf(started, (call) => this.submissionOf(reference, call));
    this.metrics.called(this.name, 'submit', outcome.kind);
    return outcome;
  }

  private async answerOf(reference: string, started: Started<Call>): Promise<PaymentAnswer> {
    const answer = await this.meaningOf(started, ({ reply }) => inquiryAnswer(reply, reference));
    this.metrics.called(this.name, 'inquire', answer.kind);
    return answer;
  }

  /** Nothing that goes wrong with one call may hide what became of the others. */
  private async meaningOf<T>({ result }: Started<Call>, read: (call: Call) => T): Promise<T | typeof UNEXPLAINED> {
    try {
      return read(await result);
    } catch (error) {
      logger.error({ event: 'rail_call_failed', rail: this.name, err: error });
      return UNEXPLAINED;
    }
  }

  private submissionOf(reference: string, { reply, retryAfterMs: waitMs }: Call): PaymentOutcome {
    // The rail as a whole cannot be reached. That is not this payment's fault, and must not use up its attempts.
    if (reply.kind === 'not_sent' && !this.gate.isClosed)
      return { kind: 'not_sent', code: reply.code, detail: UNREACHABLE, retryAfterMs: this.gate.pausedForMs() };
    return submissionOutcome(reply, reference, waitMs);
  }
}

const UNREACHABLE = 'The bank cannot be reached';
const UNEXPLAINED = { kind: 'unknown', code: 'no_answer', detail: 'The call failed' } as const;
const WINDOW_CLOSED: Refusal = { refused: 'window_closed', retryAfterMs: 0 };

const HELD: Readonly<Record<Refusal['refused'], string>> = {
  window_closed: 'The window closed before it was sent',
  breaker_open: UNREACHABLE,
  rail_paused: 'The bank asked to be left alone',
};

function heldBack({ refused, retryAfterMs: waitMs }: Refusal): PaymentOutcome {
  return { kind: 'not_sent', code: refused, detail: HELD[refused], retryAfterMs: waitMs };
}

function paymentRequest(payment: RailPayment): BankRequest {
  return { method: 'POST', path: '/payments', idempotencyKey: payment.reference, body: paymentMessage(payment) };
}

const isoOf = (instant: Date): string => encodeURIComponent(instant.toISOString());
