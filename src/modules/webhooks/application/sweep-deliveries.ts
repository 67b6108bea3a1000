import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { ClaimRepository } from '../persistence/claim.repository.js';
import type { BegunDelivery } from '../persistence/delivery.repository.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';
import { RecordDelivery } from './record-delivery.js';

const SWEPT_AT_ONCE = 1_000;
const INTERRUPTED_AT_ONCE = 100;
/** What the column holds. */
const LONGEST_MS = 2_000_000_000;
const PURGE_INTERVAL_MS = 600_000;
const PURGED_AT_ONCE = 5_000;

const logger = createLogger('webhooks');

/** Finds what nobody is sending any more, and what has been kept for long enough. */
@Injectable()
export class SweepDeliveries implements OnModuleInit {
  constructor(
    private readonly repository: ClaimRepository,
    private readonly endpoints: EndpointRepository,
    private readonly recorder: RecordDelivery,
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
    const interrupted = await this.repository.listInterrupted(INTERRUPTED_AT_ONCE);
    for (const delivery of interrupted) await this.endInterrupted(delivery);
    const count = reopened + interrupted.length;
    if (count > 0) {
      logger.warn({ event: 'webhooks_reopened', count });
      this.wake.notify('webhooks');
    }
    return reopened === SWEPT_AT_ONCE || interrupted.length === INTERRUPTED_AT_ONCE;
  }

  /** An attempt like any other that failed: whatever it is that kills its worker every time comes to an end, too. */
  private async endInterrupted(delivery: BegunDelivery): Promise<void> {
    const durationMs = Math.min(Math.max(Date.now() - delivery.begunAt.getTime(), 0), LONGEST_MS);
    await this.recorder.record(delivery, { result: { kind: 'failed', failure: 'interrupted' }, durationMs });
  }

  /** As long as events are kept, so is what became of them. */
  async purge(): Promise<boolean> {
    const days = this.config.EVENT_RETENTION_DAYS;
    const on = this.database.as(DISCOVERY);
    const deliveries = await this.repository.purge(on, days, PURGED_AT_ONCE);
    const endpoints = await this.endpoints.purge(on, days, PURGED_AT_ONCE);
    if (deliveries + endpoints > 0) logger.info({ event: 'webhooks_purged', deliveries, endpoints });
    return deliveries === PURGED_AT_ONCE || endpoints === PURGED_AT_ONCE;
  }
}
