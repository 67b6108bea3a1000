import { Injectable, type OnModuleInit } from '@nestjs/common';
import { createLogger } from '../logging/index.js';
import { QueueEpoch, Queues, RedisClient } from '../queue/index.js';
import { Loops } from '../scheduling/index.js';
import { OutboxRepository } from './outbox.repository.js';

const BATCH = 500;
const POLL_INTERVAL_MS = 500;
const EPOCH_INTERVAL_MS = 1_000;
/** How long a handed-over job may take before it is handed over again. */
const REDELIVER_MS = 20_000;
const RETRY_MS = 1_000;

const logger = createLogger('outbox-relay');

/** Hands due outbox rows to their queues. The row stays until its handler has run. */
@Injectable()
export class OutboxRelay implements OnModuleInit {
  constructor(
    private readonly repository: OutboxRepository,
    private readonly queues: Queues,
    private readonly redis: RedisClient,
    private readonly epoch: QueueEpoch,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    this.epoch.onLoss(() => this.repository.redeliverAll());
    this.loops.add({
      name: 'queue-epoch',
      intervalMs: EPOCH_INTERVAL_MS,
      wakesOn: null,
      run: () => this.epoch.check().then(() => false),
    });
    this.loops.add({ name: 'outbox-relay', intervalMs: POLL_INTERVAL_MS, wakesOn: 'outbox', run: () => this.relay() });
  }

  private async relay(): Promise<boolean> {
    if (!this.redis.isReady) return false;
    const rows = await this.repository.claimDue(BATCH, REDELIVER_MS);
    if (rows.length === 0) return false;
    try {
      await this.queues.publish(
        rows.map((row) => ({
          job: row.job,
          id: row.id,
          generation: row.generation,
          envelope: {
            organizationId: row.organizationId,
            ids: row.payload,
            requestId: row.requestId,
            outboxId: row.id,
          },
        })),
      );
    } catch (error) {
      logger.warn({ event: 'outbox_publish_failed', rows: rows.length, err: error });
      await this.repository.postpone(
        rows.map((row) => row.id),
        RETRY_MS,
      );
      return false;
    }
    return rows.length === BATCH;
  }
}
