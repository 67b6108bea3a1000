import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { EventRepository } from '../persistence/event.repository.js';
import { FollowEvents } from './follow-events.js';

const INTERVAL_MS = 600_000;
const BATCH = 5_000;

const logger = createLogger('events');

/** Old events go that everybody has seen who has to; their numbers do not come again. */
@Injectable()
export class PurgeEvents implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly events: EventRepository,
    private readonly follow: FollowEvents,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.loops.add({ name: 'purge-events', intervalMs: INTERVAL_MS, wakesOn: null, run: () => this.purge() });
  }

  private async purge(): Promise<boolean> {
    const olderThanDays = this.config.EVENT_RETENTION_DAYS;
    // Of those that exist: the cursor of one that is no more stands still.
    const seenBy = this.follow.consumers;
    const purged = await this.events.purge(this.database.as(DISCOVERY), { olderThanDays, seenBy, limit: BATCH });
    if (purged > 0) logger.info({ event: 'events_purged', count: purged });
    return purged === BATCH;
  }
}
