import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, DISCOVERY } from '../database/index.js';
import { createLogger } from '../logging/index.js';
import { RequestNonces } from '../request-signing/index.js';
import { Loops } from '../scheduling/index.js';

const INTERVAL_MS = 60_000;
const BATCH = 5_000;

const logger = createLogger('housekeeping');

/**
 * A nonce counts for as long as a request with the timestamp that was signed with it may still arrive: after that the timestamp alone
 * refuses a replay.
 */
@Injectable()
export class PurgeRequestNonces implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly nonces: RequestNonces,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    const run = () => this.purge();
    this.loops.add({ name: 'purge-request-nonces', intervalMs: INTERVAL_MS, wakesOn: null, run });
  }

  private async purge(): Promise<boolean> {
    const purged = await this.nonces.purgeExpired(this.database.as(DISCOVERY), BATCH);
    if (purged > 0) logger.info({ event: 'request_nonces_purged', count: purged });
    return purged === BATCH;
  }
}
