import { EventEmitter } from 'node:events';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { logStateChanges, RedisClient } from './redis.js';

const CHANNEL = 'tranche:wake';

/**
 * Tells the loops of every process that there is work, right after a commit. It may get lost: polling is the guarantee, this
 * only takes the waiting out. (Not NOTIFY: inside a money transaction it would serialize commits.)
 */
@Injectable()
export class Wake implements OnApplicationShutdown {
  private readonly local = new EventEmitter();
  private subscriber: Redis | undefined;
  private publishing = false;

  constructor(
    private readonly redis: RedisClient,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Never throws, never waits. */
  notify(): void {
    this.local.emit('wake');
    if (this.publishing || !this.redis.isReady) return;
    this.publishing = true;
    this.redis.connection
      .publish(CHANNEL, '1')
      .catch(() => undefined) // lost wake-ups are found by polling
      .finally(() => (this.publishing = false));
  }

  /** Listens in this process and, through Redis, to all others. */
  listen(listener: () => void): void {
    this.local.on('wake', listener);
    if (this.subscriber) return;
    this.subscriber = new Redis(this.config.REDIS_URL, { maxRetriesPerRequest: null });
    logStateChanges(this.subscriber, 'wake');
    this.subscriber.on('message', () => this.local.emit('wake'));
    this.subscriber.subscribe(CHANNEL).catch(() => undefined); // ioredis subscribes again after reconnecting
  }

  onApplicationShutdown(): void {
    this.subscriber?.disconnect();
  }
}
