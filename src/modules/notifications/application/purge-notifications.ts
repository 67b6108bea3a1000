import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { NotificationRepository } from '../persistence/notification.repository.js';

const INTERVAL_MS = 600_000;
const BATCH = 5_000;

const logger = createLogger('notifications');

/** They are kept for as long as what they are about. */
@Injectable()
export class PurgeNotifications implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly notifications: NotificationRepository,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.loops.add({ name: 'purge-notifications', intervalMs: INTERVAL_MS, wakesOn: null, run: () => this.purge() });
  }

  private async purge(): Promise<boolean> {
    const days = this.config.EVENT_RETENTION_DAYS;
    const purged = await this.notifications.purge(this.database.as(DISCOVERY), days, BATCH);
    if (purged > 0) logger.info({ event: 'notifications_purged', count: purged });
    return purged === BATCH;
  }
}
