import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { isTransient, ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import type { Lease } from './lease-chunk.js';

const RETRY_MS = 250;
const logger = createLogger('engine');

/**
 * The transaction that ends a lease. What a rail has answered is known to this process alone: while PostgreSQL is away it is kept and
 * tried again, because giving up would put every line of the chunk in doubt. The fence decides whether it still counts.
 */
@Injectable()
export class RecordUnderLease {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly chunks: ChunkRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** What `work` returns; null when somebody else has decided about the chunk meanwhile. */
  async run<T>(lease: Lease, work: (tx: Tx) => Promise<T>): Promise<T | null> {
    // From now on: a chunk that went out window by window may have been worked on for many leases.
    const giveUpAtMs = performance.now() + this.config.CHUNK_LEASE_MS;
    const access = ofOrganization(lease.chunk.organizationId);
    for (;;) {
      try {
        return await this.unitOfWork.run(access, async (tx) => {
          const isOurs = await this.chunks.lockLeased(tx, lease.chunk.id, lease.token);
          return isOurs ? work(tx) : null;
        });
      } catch (error) {
        if (!isTransient(error) || performance.now() > giveUpAtMs) throw error;
        logger.warn({ event: 'record_retried', chunk_id: lease.chunk.id, err: error });
        await delay(RETRY_MS);
      }
    }
  }
}
