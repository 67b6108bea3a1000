import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { createLogger } from '../logging/index.js';
import { openConnection } from './redis-connection.js';

/** Nothing asked over this connection takes Redis longer than an instant. */
const SILENCE_MS = 3_000;

const logger = createLogger('redis');

/**
 * The connection for everything that is not a queue: locks, wake-ups, the epoch, health. It fails at once when Redis is away, and
 * soon when it is silent, because nothing that must happen may wait for Redis.
 */
@Injectable()
export class RedisClient implements OnApplicationShutdown {
  readonly connection: Redis;

  constructor(@Inject(CONFIG) config: Config) {
    this.connection = openConnection(config.REDIS_URL, {
      enableOfflineQueue: false,
      // What was asked over a connection that broke has failed. Asked again, a lock would be taken for somebody who went on without it.
      maxRetriesPerRequest: 0,
      silenceMs: SILENCE_MS,
    });
    logStateChanges(this.connection, 'commands');
  }

  get isReady(): boolean {
    return this.connection.status === 'ready';
  }

  /** Whether Redis is there this very moment. Never waits long. */
  async isAnswering(): Promise<boolean> {
    try {
      await this.connection.ping();
      return true;
    } catch {
      return false;
    }
  }

  /** Resolves when the connection is usable or has failed once, so that the first command does not race the handshake. */
  async settled(): Promise<void> {
    if (this.connection.status !== 'connecting' && this.connection.status !== 'connect') return;
    await new Promise<void>((resolve) => {
      this.connection.once('ready', resolve);
      this.connection.once('error', () => resolve());
    });
  }

  onApplicationShutdown(): void {
    this.connection.disconnect();
  }
}

/** An outage is logged when it begins and when it ends, not at every attempt to reconnect. */
export function logStateChanges(connection: Redis, purpose: string): void {
  let down = false;
  connection.on('error', (error: Error) => {
    if (!down) logger.warn({ event: 'redis_down', purpose, err: error }, 'Redis is not reachable');
    down = true;
  });
  connection.on('ready', () => {
    if (down) logger.info({ event: 'redis_up', purpose }, 'Redis is back');
    down = false;
  });
}
