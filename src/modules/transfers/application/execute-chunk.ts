import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { railReference } from '../../../domain/ids.js';
import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';
import { UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { BOOK, type Rail, RailsService } from '../../rails/index.js';
import { decideInquiry } from '../domain/decide-inquiry.js';
import { type DecisionContext, decideSubmission, notSent } from '../domain/decide-submission.js';
import type { Move, PayableLine } from '../domain/line.js';
import { toPayment } from '../domain/payment.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { RequestCompletion } from './request-completion.js';
import { TransfersMetrics } from '../transfers.metrics.js';
import { KeepLateResults } from './keep-late-results.js';
import { type Lease, LeaseChunk } from './lease-chunk.js';
import { RecordMoves } from './record-moves.js';
import { SettleBookChunk } from './settle-book-chunk.js';

export interface ChunkReport {
  readonly chunkId: string;
  readonly bulkId: string | null;
  readonly ended: 'recorded' | 'too_late' | 'nothing_to_do' | 'not_allowed' | 'cancelled';
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
    private readonly unitOfWork: UnitOfWork,
    private readonly chunks: ChunkRepository,
    private readonly recorder: RecordMoves,
    private readonly bookChunks: SettleBookChunk,
    private readonly lateResults: KeepLateResults,
    private readonly completion: RequestCompletion,
    private readonly rails: RailsService,
    private readonly metrics: TransfersMetrics,
    private readonly wake: Wake,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async execute(chunkId: string): Promise<ChunkReport> {
    const lease = await this.leases.take(chunkId);
    const report = 'ended' in lease ? idle(chunkId, lease.ended, lease.bulkId) : await this.executeLeased(lease);
    // There is room for another one now.
    this.wake.notifyHere('chunks');
    if (report.bulkId !== null) await this.completion.check(report.bulkId);
    return report;
  }

  private async executeLeased(lease: Lease): Promise<ChunkReport> {
    const { chunk } = lease;
    if (chunk.rail === BOOK) return this.reportOf(lease, await this.bookChunks.settle(lease));
    const moves = chunk.purpose === 'submit' ? await this.submit(lease) : await this.inquire(lease);
    const recorded = await this.unitOfWork.run(async (tx) => {
      if (!(await this.chunks.lockLeased(tx, chunk.id, lease.token))) return false;
      const bulk = await this.chunks.getBulk(tx, chunk.bulkId);
      await this.recorder.record(tx, {
        bulk,
        rail: chunk.rail,
        chunk: { id: chunk.id, leasedAt: lease.leasedAt },
        moves,
      });
      return true;
    });
    if (!recorded) await this.lateResults.keep(chunk, moves);
    return this.reportOf(lease, recorded ? moves : null);
  }

  /** Hands the lines over window by window; what no window reached comes back unsent. */
  private async submit(lease: Lease): Promise<Move[]> {
    const rail = this.rails.get(lease.chunk.rail);
    const context = this.contextOf(lease, rail);
    const size = this.leases.windowLines(lease.chunk, lease.lines.length);
    const moves: Move[] = [];
    let { deadlineMs } = lease;
    for (let start = 0; start < lease.lines.length; start += size) {
      const window = lease.lines.slice(start, start + size);
      let isGranted = true;
      if (start > 0) ({ isGranted, deadlineMs } = await this.leases.grant(lease, window));
      // What this process may not send any more was not tried either: it costs the line no attempt.
      if (!isGranted || deadlineMs <= performance.now()) {
        return [...moves, ...lease.lines.slice(start).map((line) => notSent(line, 0, context))];
      }
      const outcomes = await this.submitWindow(lease, rail, window, deadlineMs);
      moves.push(...window.map((line, index) => decideSubmission(line, outcomes[index] as PaymentOutcome, context)));
    }
    return moves;
  }

  private async submitWindow(
    lease: Lease,
    rail: Rail,
    window: readonly PayableLine[],
    deadlineMs: number,
  ): Promise<PaymentOutcome[]> {
    const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
    const payments = window.map((line) => toPayment(line, lease.bulk));
    try {
      const outcomes = await rail.submit(payments, AbortSignal.timeout(leftMs));
      if (outcomes.length === window.length) return outcomes;
      logger.error({
        event: 'rail_answer_incomplete',
        rail: rail.name,
        sent: window.length,
        answered: outcomes.length,
      });
    } catch (error) {
      logger.error({ event: 'rail_submit_failed', rail: rail.name, chunk_id: lease.chunk.id, err: error });
    }
    // Whatever went wrong, some of it may have been executed.
    return window.map(() => UNKNOWN);
  }

  private async inquire(lease: Lease): Promise<Move[]> {
    const rail = this.rails.get(lease.chunk.rail);
    const context = this.contextOf(lease, rail);
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

  private contextOf(lease: Lease, rail: Rail): DecisionContext {
    const { tries, deaths, lineCount } = lease.chunk;
    return {
      tries,
      deaths,
      lineCount,
      backoff: { baseMs: this.config.RETRY_BASE_MS, maxMs: this.config.RETRY_MAX_MS },
      maxAttempts: this.config.TRANSFER_MAX_ATTEMPTS,
      visibilityHorizonMs: rail.traits.visibilityHorizonMs,
      deduplicates: rail.traits.deduplicates,
      random: Math.random(),
    };
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

const UNKNOWN = { kind: 'unknown', code: 'no_answer', detail: 'The rail gave no usable answer' } as const;

function idle(
  chunkId: string,
  ended: 'nothing_to_do' | 'not_allowed' | 'cancelled',
  bulkId: string | null,
): ChunkReport {
  return { chunkId, bulkId, ended, purpose: null, rail: null, lines: 0, movedTo: {} };
}
