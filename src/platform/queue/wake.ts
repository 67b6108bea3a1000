import { EventEmitter } from 'node:events';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { openConnection } from './redis-connection.js';
import { logStateChanges, RedisClient } from './redis.js';

/** What there may be more of: chunks to hand out, outbox rows to relay, evidence to apply, events to tell, messages to send. */
export const WAKE_TOPICS = ['chunks', 'outbox', 'evidence', 'events', 'webhooks', 'notifications'] as const;
export type WakeTopic = (typeof WAKE_TOPICS)[number];

const CHANNEL = 'tranche:wake';
const SILENCE_MS = 3_000;
const HEARTBEAT_MS = 5_000;

/**
 * Tells the loops of every process that there is work, right after a commit. It may get lost: polling is the guarantee, this
 * only takes the waiting out. (Not NOTIFY: inside a money transaction it would serialize commits.)
 */
@Injectable()
export class Wake implements OnApplicationShutdown {
  private readonly local = new EventEmitter();
  private readonly publishing = new Set<WakeTopic>();
  private subscriber: Redis | undefined;
  private heartbeat: NodeJS.Timeout | undefined;

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

  /** Listens in this process and, through Redis, to all others. What it answers ends that; with the last one, the connection ends. */
  listen(topic: WakeTopic, listener: () => void): () => void {
    this.local.on(topic, listener);
    this.subscriber ??= this.subscribe();
    return () => {
      this.local.off(topic, listener);
      if (WAKE_TOPICS.every((one) => this.local.listenerCount(one) === 0)) this.unsubscribe();
    };
  }

  onApplicationShutdown(): void {
    this.unsubscribe();
  }

  private unsubscribe(): void {
    clearInterval(this.heartbeat);
    this.subscriber?.disconnect();
    this.subscriber = undefined;
  }

  private subscribe(): Redis {
    const subscriber = openConnection(this.config.REDIS_URL, { maxRetriesPerRequest: null, silenceMs: SILENCE_MS });
    logStateChanges(subscriber, 'wake');
    subscriber.on('message', (_channel, topic) => this.local.emit(topic));
    subscriber.subscribe(CHANNEL).catch(() => undefined); // ioredis subscribes again after reconnecting
    // A subscriber asks nothing, so nothing would tell it that its connection is dead.
    this.heartbeat = setInterval(() => {
      if (subscriber.status === 'ready') subscriber.ping().catch(() => undefined);
    }, HEARTBEAT_MS).unref();
    return subscriber;
  }
}
