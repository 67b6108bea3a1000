import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { BOOK, RailsService } from '../../rails/index.js';
import { decideLostLease } from '../domain/decide-lost-lease.js';
import { ChunkRepository, type LeasedChunk } from '../persistence/chunk.repository.js';
import { DispatchRepository } from '../persistence/dispatch.repository.js';
import { CompletionSignal } from './completion-signal.js';
import { EngineMetrics } from './engine-metrics.js';
import { RecordMoves } from './record-moves.js';

const logger = createLogger('sweep');

/** Finds what nobody is working on any more: leases that ran out, jobs that never came. */
@Injectable()
export class SweepChunks implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly chunks: ChunkRepository,
    private readonly dispatch: DispatchRepository,
    private readonly recorder: RecordMoves,
    private readonly completion: CompletionSignal,
    private readonly rails: RailsService,
    private readonly wake: Wake,
    private readonly loops: Loops,
    private readonly metrics: EngineMetrics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.loops.add({
      name: 'sweep-chunks',
      intervalMs: Math.min(this.config.SWEEP_INTERVAL_MS, this.config.CHUNK_LEASE_MS),
      wakesOn: null,
      run: () => this.sweep(),
    });
  }

  private async sweep(): Promise<boolean> {
    const reopened = await this.dispatch.reopenOverdue();
    const expired = await this.endExpiredLease();
    if (reopened > 0 || expired) this.wake.notify('chunks');
    return expired;
  }

  /** One chunk a transaction; true when there may be more. */
  private async endExpiredLease(): Promise<boolean> {
    const chunk = await this.unitOfWork.run(async (tx) => {
      const [expired] = await this.chunks.lockExpired(tx, 1);
      if (expired) await this.endLease(tx, expired);
      return expired;
    });
    if (!chunk) return false;
    logger.warn({
      event: 'lease_expired',
      chunk_id: chunk.id,
      bulk_request_id: chunk.bulkId,
      deaths: chunk.deaths + 1,
    });
    this.metrics.leaseLost(chunk.rail, 'expired');
    await this.completion.check(chunk.bulkId);
    return true;
  }

  private async endLease(tx: Tx, chunk: LeasedChunk): Promise<void> {
    const bulk = await this.chunks.getBulk(tx, chunk.bulkId);
    const lines = await this.chunks.openLines(tx, chunk);
    const traits = chunk.rail === BOOK ? null : this.rails.get(chunk.rail).traits;
    const context = {
      tries: chunk.tries,
      deaths: chunk.deaths,
      lineCount: lines.length,
      backoff: { baseMs: this.config.RETRY_BASE_MS, maxMs: this.config.RETRY_MAX_MS },
      maxAttempts: this.config.TRANSFER_MAX_ATTEMPTS,
      visibilityHorizonMs: traits?.visibilityHorizonMs ?? 0,
      deduplicates: traits?.deduplicates ?? true,
      random: Math.random(),
    };
    const lost = { purpose: chunk.purpose, isBook: chunk.rail === BOOK, submittedThrough: chunk.submittedThrough };
    const moves = lines.map((line) => decideLostLease(line, lost, context));
    await this.recorder.record(tx, { bulk, rail: chunk.rail, chunk: { id: chunk.id, leasedAt: null }, moves });
  }
}
