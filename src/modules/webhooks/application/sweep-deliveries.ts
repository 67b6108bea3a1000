import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { ClaimRepository } from '../persistence/claim.repository.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';

const SWEPT_AT_ONCE = 1_000;
const PURGE_INTERVAL_MS = 600_000;
const PURGED_AT_ONCE = 5_000;

const logger = createLogger('webhooks');

/** Finds what nobody is sending any more, and what has been kept for long enough. */
@Injectable()
export class SweepDeliveries implements OnModuleInit {
  constructor(
    private readonly repository: ClaimRepository,
    private readonly endpoints: EndpointRepository,
    private readonly database: Database,
    private readonly wake: Wake,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.loops.add({
      name: 'sweep-webhooks',
      intervalMs: Math.min(this.config.SWEEP_INTERVAL_MS, this.config.WEBHOOK_LEASE_MS),
      wakesOn: null,
      run: () => this.sweep(),
    });
    this.loops.add({
      name: 'purge-webhooks',
      intervalMs: PURGE_INTERVAL_MS,
      wakesOn: null,
      run: () => this.purge(),
    });
  }

  private async sweep(): Promise<boolean> {
    const reopened = await this.repository.reopenOverdue(SWEPT_AT_ONCE);
    if (reopened > 0) {
      logger.warn({ event: 'webhooks_reopened', count: reopened });
      this.wake.notify('webhooks');
    }
    return reopened === SWEPT_AT_ONCE;
  }

  /** As long as events are kept, so is what became of them. */
  async purge(): Promise<boolean> {
    const days = this.config.EVENT_RETENTION_DAYS;
    const deliveries = await this.repository.purge(days, PURGED_AT_ONCE);
    const endpoints = await this.endpoints.purge(this.database.as(DISCOVERY), days, PURGED_AT_ONCE);
    if (deliveries + endpoints > 0) logger.info({ event: 'webhooks_purged', deliveries, endpoints });
    return deliveries === PURGED_AT_ONCE || endpoints === PURGED_AT_ONCE;
  }
}
