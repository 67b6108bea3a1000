import { Injectable } from '@nestjs/common';
import { railReference } from '../../../domain/ids.js';
import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { BOOK, type Rail, RailsService } from '../../rails/index.js';
import { decideInquiry } from '../domain/decide-inquiry.js';
import { decideSubmission, notSent } from '../domain/decide-submission.js';
import type { Move, PayableLine } from '../domain/line.js';
import { toPayment } from '../domain/payment.js';
import { withCommonRetryAfter } from '../domain/retry-after.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { Counterparties } from './counterparties.js';
import { RequestCompletion } from './request-completion.js';
import { TransfersMetrics } from '../transfers.metrics.js';
import { DecisionContexts } from './decision-contexts.js';
import { KeepLateResults } from './keep-late-results.js';
import { type Lease, LeaseChunk, type NoLease } from './lease-chunk.js';
import { RecordMoves } from './record-moves.js';
import { RecordUnderLease } from './record-under-lease.js';
import { SettleBookChunk } from './settle-book-chunk.js';

export interface ChunkReport {
  readonly chunkId: string;
  readonly bulkId: string | null;
  readonly ended: 'recorded' | 'too_late' | 'nothing_to_do' | 'not_allowed' | 'rail_paused' | 'cancelled';
  readonly purpose: string | null;
  readonly rail: string | null;
  readonly lines: number;
  readonly movedTo: Readonly<Record<string, number>>;
}

const logger = createLogger('engine');

/** Lease, window, submit, record. Every step may be the last one this process makes. */
@Injectable()
export class ExecuteChunk {
  constructor(
    private readonly leases: LeaseChunk,
    private readonly records: RecordUnderLease,
    private readonly contexts: DecisionContexts,
    private readonly chunks: ChunkRepository,
    private readonly recorder: RecordMoves,
    private readonly bookChunks: SettleBookChunk,
    private readonly lateResults: KeepLateResults,
    private readonly completion: RequestCompletion,
    private readonly rails: RailsService,
    private readonly metrics: TransfersMetrics,
    private readonly wake: Wake,
    private readonly counterparties: Counterparties,
  ) {}

  async execute(organizationId: string, chunkId: string): Promise<ChunkReport> {
    const lease = await this.leases.take(organizationId, chunkId);
    const report = 'ended' in lease ? idle(chunkId, lease.ended, lease.bulkId) : await this.executeLeased(lease);
    // There is room for another one now.
    this.wake.notifyHere('chunks');
    if (report.bulkId !== null) await this.completion.check(organizationId, report.bulkId);
    return report;
  }

  private async executeLeased(lease: Lease): Promise<ChunkReport> {
    const { chunk } = lease;
    if (chunk.rail === BOOK) return this.reportOf(lease, await this.bookChunks.settle(lease));
    const moves = chunk.purpose === 'submit' ? await this.submit(lease) : await this.inquire(lease);
    const recorded = await this.records.run(lease, async (tx) => {
      const bulk = await this.chunks.getBulk(tx, chunk.bulkId);
      const ended = { id: chunk.id, lineCount: chunk.lineCount, leasedAt: lease.leasedAt };
      return this.recorder.record(tx, { bulk, rail: chunk.rail, chunk: ended, moves });
    });
    if (recorded === null) await this.lateResults.keep(chunk, moves);
    return this.reportOf(lease, recorded);
  }

  /** Hands the lines over window by window; what no window reached comes back unsent. */
  private async submit(lease: Lease): Promise<Move[]> {
    const rail = this.rails.get(lease.chunk.rail);
    const context = this.contexts.of(lease.chunk);
    const moves: Move[] = [];
    let { firstWindow: window, deadlineMs } = lease;
    while (window.length > 0) {
      // What this process may not send any more was not tried either: it costs the line no attempt.
      if (deadlineMs <= performance.now()) break;
      const outcomes = withCommonRetryAfter(await this.submitWindow(lease, rail, window, deadlineMs));
      moves.push(...window.map((line, index) => decideSubmission(line, outcomes[index] as PaymentOutcome, context)));
      // The rail takes nothing now: the next window would only come back.
      const held = outcomes.find((outcome) => outcome.kind === 'not_sent');
      const rest = lease.lines.slice(moves.length);
      if (held) return [...moves, ...rest.map((line) => notSent(line, held.retryAfterMs ?? 0, context))];
      const next = this.leases.windowOf(lease.chunk, rest);
      const granted = await this.leases.grant(lease, next);
      if (!granted.isGranted) break;
      window = next;
      deadlineMs = granted.deadlineMs;
    }
    return [...moves, ...lease.lines.slice(moves.length).map((line) => notSent(line, 0, context))];
  }

  private async submitWindow(
    lease: Lease,
    rail: Rail,
    window: readonly PayableLine[],
    deadlineMs: number,
  ): Promise<PaymentOutcome[]> {
    const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
    const ibans = this.counterparties.openReadable(lease.bulk.organizationId, window);
    const payments = window.flatMap((line, index) => {
      const iban = ibans[index] ?? null;
      return iban === null ? [] : toPayment(line, iban, lease.bulk);
    });
    const sent = payments.length === 0 ? [] : await this.submitPayments(lease, rail, payments, leftMs);
    const answers = sent.values();
    return ibans.map((iban) => (iban === null ? UNREADABLE : (answers.next().value ?? UNKNOWN)));
  }

  private async submitPayments(
    lease: Lease,
    rail: Rail,
    payments: readonly ReturnType<typeof toPayment>[],
    leftMs: number,
  ): Promise<PaymentOutcome[]> {
    try {
      const outcomes = await rail.submit(payments, AbortSignal.timeout(leftMs));
      if (outcomes.length === payments.length) return outcomes;
      logger.error({
        event: 'rail_answer_incomplete',
        rail: rail.name,
        sent: payments.length,
        answered: outcomes.length,
      });
    } catch (error) {
      logger.error({ event: 'rail_submit_failed', rail: rail.name, chunk_id: lease.chunk.id, err: error });
    }
    // Whatever went wrong, some of it may have been executed.
    return payments.map(() => UNKNOWN);
  }

  private async inquire(lease: Lease): Promise<Move[]> {
    const rail = this.rails.get(lease.chunk.rail);
    const context = this.contexts.of(lease.chunk);
    const purpose = lease.chunk.purpose === 'confirm' ? 'confirm' : 'inquire';
    const answers = await this.ask(lease, rail);
    return lease.lines.map((line, index) => {
      const asked = { ...line, status: line.status === 'submitted' ? ('submitted' as const) : ('in_doubt' as const) };
      return decideInquiry(asked, answers[index] ?? UNKNOWN, purpose, context);
    });
  }

  private async ask(lease: Lease, rail: Rail): Promise<PaymentAnswer[]> {
    try {
      return await rail.inquire(lease.lines.map((line) => railReference(line.id)));
    } catch (error) {
      logger.warn({ event: 'rail_inquiry_failed', rail: rail.name, chunk_id: lease.chunk.id, err: error });
      return [];
    }
  }

  private reportOf(lease: Lease, moves: readonly Move[] | null): ChunkReport {
    const movedTo: Record<string, number> = {};
    for (const move of moves ?? []) movedTo[move.to] = (movedTo[move.to] ?? 0) + 1;
    const { id: chunkId, bulkId, purpose, rail } = lease.chunk;
    const ended = moves ? 'recorded' : 'too_late';
    const report: ChunkReport = { chunkId, bulkId, ended, purpose, rail, lines: lease.lines.length, movedTo };
    const durationMs = Date.now() - lease.leasedAt.getTime();
    this.metrics.executed(rail, purpose, durationMs);
    logger.info({
      event: 'chunk_executed',
      chunk_id: chunkId,
      bulk_request_id: bulkId,
      organization_id: lease.chunk.organizationId,
      purpose,
      rail,
      ended,
      lines: lease.lines.length,
      moved_to: movedTo,
      duration_ms: durationMs,
    });
    return report;
  }
}

/** It was not sent, and waits for its key, or for a person. */
const UNREADABLE = {
  kind: 'not_sent',
  code: 'counterparty_unreadable',
  detail: null,
  retryAfterMs: 60_000,
} as const;
const UNKNOWN = { kind: 'unknown', code: 'no_answer', detail: 'The rail gave no usable answer' } as const;

function idle(chunkId: string, ended: NoLease['ended'], bulkId: string | null): ChunkReport {
  return { chunkId, bulkId, ended, purpose: null, rail: null, lines: 0, movedTo: {} };
}
