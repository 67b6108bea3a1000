import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY } from '../database/index.js';
import { createLogger } from '../logging/index.js';
import { RedisClient } from './redis.js';

const KEY = 'tranche:epoch';
const logger = createLogger('queue-epoch');

/**
 * Notices that Redis lost its data. A random epoch lives in Redis, its expected value in PostgreSQL; when they differ, every
 * job that was handed over may be gone, and whoever handed it over hands it over again.
 */
@Injectable()
export class QueueEpoch {
  private readonly listeners: (() => Promise<void>)[] = [];

  constructor(
    private readonly database: Database,
    private readonly redis: RedisClient,
  ) {}

  /** Called once for each loss, before the new epoch is written: a crash in between repeats it, which is harmless. */
  onLoss(listener: () => Promise<void>): void {
    this.listeners.push(listener);
  }

  async check(): Promise<void> {
    if (!this.redis.isReady) return;
    const [expected] = await this.database.as(DISCOVERY).query<{ epoch: string }>(`SELECT epoch FROM queue_epoch`);
    const found = await this.redis.connection.get(KEY);
    if (expected && found === expected.epoch) return;
    if (expected) logger.warn({ event: 'redis_data_lost' }, 'Redis lost its data: handing every open job over again');
    for (const listener of this.listeners) await listener();
    const epoch = randomUUID();
    await this.database.as(DISCOVERY).execute(
      `INSERT INTO queue_epoch (epoch) VALUES ($1)
       ON CONFLICT (singleton) DO UPDATE SET epoch = excluded.epoch, changed_at = now()`,
      [epoch],
    );
    await this.redis.connection.set(KEY, epoch);
  }
}
