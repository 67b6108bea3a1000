import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { within } from '../deadline.js';
import { RedisClient } from '../queue/index.js';
import { blockMs, LocalFailures, STRIKES_FORGOTTEN_MS, WINDOW_MS } from './failure-limits.js';

/** Redis is asked on the way of a request: it gets a moment, and then the request goes on without it. */
const REDIS_PATIENCE_MS = 250;
const MAX_CLIENTS = 10_000;

/**
 * Slows guessing down: who fails too often within a minute is not listened to for a while, and for twice as long each time after.
 * Redis tells all processes; each also counts for itself, so that the brake holds while Redis is away.
 */
@Injectable()
export class FailureBrake {
  private readonly limit: number;
  private readonly local: LocalFailures;
  private readonly failures: RateLimiterRedis;
  private readonly strikes: RateLimiterRedis;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly redis: RedisClient,
  ) {
    this.limit = config.AUTH_FAILURES_PER_MINUTE;
    this.local = new LocalFailures(this.limit, MAX_CLIENTS);
    const storeClient = redis.connection;
    this.failures = new RateLimiterRedis({
      storeClient,
      keyPrefix: 'auth-failures',
      points: this.limit,
      duration: WINDOW_MS / 1_000,
    });
    // Only counts.
    this.strikes = new RateLimiterRedis({
      storeClient,
      keyPrefix: 'auth-strikes',
      points: Number.MAX_SAFE_INTEGER,
      duration: STRIKES_FORGOTTEN_MS / 1_000,
    });
  }

  /** For how much longer nothing more is tried for the client; 0: it is not blocked. */
  async blockedForMs(client: string): Promise<number> {
    const here = this.local.blockedForMs(client, performance.now());
    if (here > 0) return here;
    const elsewhere = await this.ask(async () => {
      const failed = await this.failures.get(client);
      return failed !== null && failed.consumedPoints > this.limit ? failed.msBeforeNext : 0;
    });
    return elsewhere > 0 ? this.local.block(client, elsewhere, performance.now()) : 0;
  }

  /** Counts one failure. For how long the client is blocked by it; 0: it is not. */
  async count(client: string): Promise<number> {
    const here = this.local.count(client, performance.now());
    const elsewhere = await this.ask(() => this.countForAll(client));
    return elsewhere > here ? this.local.block(client, elsewhere, performance.now()) : here;
  }

  private async countForAll(client: string): Promise<number> {
    const { consumedPoints } = await this.failures.penalty(client);
    if (consumedPoints !== this.limit) return 0;
    const { consumedPoints: strike } = await this.strikes.penalty(client);
    const forMs = blockMs(strike);
    await this.failures.block(client, forMs / 1_000);
    return forMs;
  }

  /** That Redis is away or silent, its client logs. */
  private async ask(question: () => Promise<number>): Promise<number> {
    if (!this.redis.isReady) return 0;
    try {
      return await within(REDIS_PATIENCE_MS, question);
    } catch {
      return 0; // counted here, then
    }
  }
}
