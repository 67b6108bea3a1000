import { EventEmitter } from 'node:events';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { logStateChanges, RedisClient } from './redis.js';

/** What there may be more of: chunks to hand out, outbox rows to relay, evidence to apply. */
export const WAKE_TOPICS = ['chunks', 'outbox', 'evidence'] as const;
export type WakeTopic = (typeof WAKE_TOPICS)[number];

const CHANNEL = 'tranche:wake';

/**
 * Tells the loops of every process that there is work, right after a commit. It may get lost: polling is the guarantee, this
 * only takes the waiting out. (Not NOTIFY: inside a money transaction it would serialize commits.)
 */
@Injectable()
export class Wake implements OnApplicationShutdown {
  private readonly local = new EventEmitter();
  private readonly publishing = new Set<WakeTopic>();
  private subscriber: Redis | undefined;

  constructor(
    private readonly redis: RedisClient,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Wakes this process and all others. Never throws, never waits. */
  notify(topic: WakeTopic): void {
    this.notifyHere(topic);
    // One message on its way says it all.
    if (this.publishing.has(topic) || !this.redis.isReady) return;
    this.publishing.add(topic);
    this.redis.connection
      .publish(CHANNEL, topic)
      .catch(() => undefined) // lost wake-ups are found by polling
      .finally(() => this.publishing.delete(topic));
  }

  /** Wakes this process only: for what it can do itself. */
  notifyHere(topic: WakeTopic): void {
    this.local.emit(topic);
  }

  /** Listens in this process and, through Redis, to all others. */
  listen(topic: WakeTopic, listener: () => void): void {
    this.local.on(topic, listener);
    this.subscriber ??= this.subscribe();
  }

  onApplicationShutdown(): void {
    this.subscriber?.disconnect();
  }

  private subscribe(): Redis {
    const subscriber = new Redis(this.config.REDIS_URL, { maxRetriesPerRequest: null });
    logStateChanges(subscriber, 'wake');
    subscriber.on('message', (_channel, topic) => this.local.emit(topic));
    subscriber.subscribe(CHANNEL).catch(() => undefined); // ioredis subscribes again after reconnecting
    return subscriber;
  }
}
