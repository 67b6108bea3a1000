import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY, ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { BOOK } from '../../rails/index.js';
import { decideLostLease } from '../domain/decide-lost-lease.js';
import { type ChunkKey, ChunkRepository, type LeasedChunk } from '../persistence/chunk.repository.js';
import { DispatchRepository } from '../persistence/dispatch.repository.js';
import { RequestCompletion } from './request-completion.js';
import { TransfersMetrics } from '../transfers.metrics.js';
import { DecisionContexts } from './decision-contexts.js';
import { RecordMoves } from './record-moves.js';

const BATCH = 100;
const logger = createLogger('sweep');

/** Finds what nobody is working on any more: leases that ran out, jobs that never came, lines of stopped bulks that wait to be sent. */
@Injectable()
export class SweepChunks implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly chunks: ChunkRepository,
    private readonly dispatch: DispatchRepository,
    private readonly recorder: RecordMoves,
    private readonly completion: RequestCompletion,
    private readonly contexts: DecisionContexts,
    private readonly wake: Wake,
    private readonly loops: Loops,
    private readonly metrics: TransfersMetrics,
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
    const hurried = await this.dispatch.hurryStopped();
    let ended = 0;
    for (const key of await this.chunks.listExpired(this.database.as(DISCOVERY), BATCH)) {
      if (await this.endExpiredLease(key)) ended++;
    }
    if (reopened + hurried + ended > 0) this.wake.notify('chunks');
    return ended === BATCH;
  }

  /** One chunk a transaction. One that cannot be recorded is told and left: it must not keep the others from being recovered. */
  private async endExpiredLease({ id: chunkId, organizationId }: ChunkKey): Promise<boolean> {
    try {
      const chunk = await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
        const expired = await this.chunks.lockExpired(tx, chunkId);
        if (expired) await this.endLease(tx, expired);
        return expired;
      });
      if (!chunk) return false;
      const { bulkId, deaths, rail } = chunk;
      logger.warn({ event: 'lease_expired', chunk_id: chunkId, bulk_request_id: bulkId, deaths: deaths + 1 });
      this.metrics.leaseLost(rail, 'expired');
      await this.completion.check(organizationId, bulkId);
      return true;
    } catch (error) {
      logger.error({ event: 'lease_not_ended', chunk_id: chunkId, err: error });
      return false;
    }
  }

  private async endLease(tx: Tx, chunk: LeasedChunk): Promise<void> {
    const bulk = await this.chunks.getBulk(tx, chunk.bulkId);
    const lines = await this.chunks.openLines(tx, chunk);
    const context = this.contexts.of(chunk, lines.length);
    const lost = { purpose: chunk.purpose, isBook: chunk.rail === BOOK, submittedThrough: chunk.submittedThrough };
    const moves = lines.map((line) => decideLostLease(line, lost, context));
    await this.recorder.record(tx, {
      bulk,
      rail: chunk.rail,
      chunk: { id: chunk.id, lineCount: chunk.lineCount, leasedAt: null },
      moves,
    });
  }
}
