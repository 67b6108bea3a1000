import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { DISCOVERY, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { QueueEpoch, Queues, RedisClient } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { RAIL_NAMES, type RailName } from '../../rails/index.js';
import { DispatchRepository } from '../persistence/dispatch.repository.js';
import { executeChunkJobs } from '../transfers.jobs.js';

const POLL_INTERVAL_MS = 250;
/** How long a job may wait in its queue before the chunk is handed out again: whoever took the job may have died before its lease. */
const MAX_CLAIM_MS = 20_000;

const logger = createLogger('dispatch');

/** Hands chunks to the queue of their rail, a bounded number at a time, so that whoever comes next waits for few. */
@Injectable()
export class DispatchChunks implements OnModuleInit {
  constructor(
    private readonly repository: DispatchRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly queues: Queues,
    private readonly redis: RedisClient,
    private readonly epoch: QueueEpoch,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.epoch.onLoss(() => this.repository.reopenAllDispatched());
    // A loop for each: whatever keeps one rail's dispatcher waiting, the others go on.
    for (const rail of RAIL_NAMES) {
      this.loops.add({
        name: `dispatch-${rail}`,
        intervalMs: POLL_INTERVAL_MS,
        wakesOn: 'chunks',
        run: () => this.dispatch(rail),
      });
    }
  }

  private async dispatch(rail: RailName): Promise<boolean> {
    // Claiming what cannot be handed over would only hide it.
    if (!this.redis.isReady) return false;
    // Every commit wakes all rails, and a claim takes four round trips: mostly there is nothing to claim.
    if (!(await this.repository.hasDue(rail))) return false;
    const { DISPATCH_IN_FLIGHT: inFlight, CHUNK_LEASE_MS } = this.config;
    const claimMs = Math.min(MAX_CLAIM_MS, CHUNK_LEASE_MS);
    const chunks = await this.unitOfWork.run(DISCOVERY, (tx) => this.repository.claim(tx, rail, inFlight, claimMs));
    if (chunks.length === 0) return false;
    try {
      await this.queues.publish(
        chunks.map((chunk) => ({
          job: executeChunkJobs[rail].name,
          id: chunk.id,
          generation: chunk.generation,
          envelope: {
            organizationId: chunk.organizationId,
            ids: { chunkId: chunk.id },
            requestId: chunk.requestId,
            outboxId: null,
          },
        })),
      );
    } catch (error) {
      logger.warn({ event: 'dispatch_failed', rail, chunks: chunks.length, err: error });
      await this.repository.giveBack(chunks.map((chunk) => chunk.id));
    }
    return false;
  }
}
