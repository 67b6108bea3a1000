import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, DISCOVERY } from '../database/index.js';
import { IdempotencyRepository } from '../idempotency/index.js';
import { createLogger } from '../logging/index.js';
import { Loops } from '../scheduling/index.js';

const INTERVAL_MS = 600_000;
const BATCH = 1_000;

const logger = createLogger('housekeeping');

/** Expired keys count for nothing already; deleting them keeps their table small. */
@Injectable()
export class PurgeIdempotencyKeys implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly repository: IdempotencyRepository,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    const run = () => this.purge();
    this.loops.add({ name: 'purge-idempotency-keys', intervalMs: INTERVAL_MS, wakesOn: null, run });
  }

  private async purge(): Promise<boolean> {
    const purged = await this.repository.purgeExpired(this.database.as(DISCOVERY), BATCH);
    if (purged > 0) logger.info({ event: 'idempotency_keys_purged', count: purged });
    return purged === BATCH;
  }
}
