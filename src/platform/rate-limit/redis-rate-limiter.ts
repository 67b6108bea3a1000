import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Counter } from 'prom-client';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { type LimitState, type Principal, RateLimiter } from '../http/index.js';
import { createLogger } from '../logging/index.js';
import { Metrics } from '../metrics/index.js';
import { logStateChanges, openConnection } from '../queue/index.js';
import { Circuit } from './circuit.js';
import { MemoryWindows } from './memory-windows.js';

const WINDOW_SECONDS = 60;
const WINDOW_MS = WINDOW_SECONDS * 1_000;
/** No request waits longer for Redis. */
const TIMEOUT_MS = 75;
/** How long nobody asks Redis after it did not answer. */
const PAUSE_MS = 1_000;
const SILENCE_MS = 1_000;
/** Some hundred bytes each. */
const MAX_NAMES_IN_MEMORY = 10_000;

const logger = createLogger('rate-limit');

interface Limit {
  readonly name: LimitState['name'];
  readonly quota: number;
  readonly inRedis: RateLimiterRedis;
  /** Whose limit it is; null for nobody's. */
  readonly ownerOf: (principal: Principal) => string | null;
}

interface Owned {
  readonly limit: Limit;
  readonly owner: string;
}

type Usage = NonNullable<LimitState['usage']>;

/**
 * Requests of each key and of each organization in a window of a minute, over all processes, counted in Redis. While Redis is away
 * nothing waits for it: reads go through, writes are counted by each process for itself.
 */
@Injectable()
export class RedisRateLimiter extends RateLimiter implements OnModuleInit, OnApplicationShutdown {
  private readonly connection: Redis;
  private readonly limits: readonly Limit[];
  private readonly circuit: Circuit;
  private readonly memory = new MemoryWindows(WINDOW_MS, MAX_NAMES_IN_MEMORY);
  /** Until when a key is known to be over its limit: its requests cost nothing more, its organization's quota least of all. */
  private readonly overUntilMs = new Map<string, number>();
  private readonly refused: Counter<'limit'>;

  constructor(@Inject(CONFIG) config: Config, metrics: Metrics) {
    super();
    // On a connection of its own: that it is slow says nothing about others, and is noticed sooner.
    this.connection = openConnection(config.REDIS_URL, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      silenceMs: SILENCE_MS,
    });
    logStateChanges(this.connection, 'rate limits');
    this.limits = this.limitsOf(config);
    this.circuit = new Circuit(TIMEOUT_MS, PAUSE_MS, (isOpen, err) => {
      if (isOpen) logger.warn({ event: 'rate_limiter_degraded', err }, 'Redis does not count requests');
      else logger.info({ event: 'rate_limiter_restored' });
    });
    this.refused = metrics.counter({
      name: 'http_rate_limited_total',
      help: 'Requests refused because a key or an organization sent too many.',
      labelNames: ['limit'],
    });
    metrics.gauge({
      name: 'rate_limiter_degraded',
      help: 'Whether this process counts requests without Redis: 1 or 0.',
      collect: (gauge) => gauge.set(this.circuit.isOpen ? 1 : 0),
    });
  }

  /** So that the first requests do not race the handshake. */
  async onModuleInit(): Promise<void> {
    if (this.connection.status === 'ready') return;
    await new Promise<void>((resolve) => {
      this.connection.once('ready', resolve);
      this.connection.once('error', () => resolve());
    });
  }

  onApplicationShutdown(): void {
    this.connection.disconnect();
  }

  override async take(principal: Principal, isRead: boolean): Promise<readonly LimitState[]> {
    const owned = this.limits.flatMap((limit) => {
      const owner = limit.ownerOf(principal);
      return owner === null ? [] : [{ limit, owner }];
    });
    if (owned.length === 0) return [];
    const known = this.knownToBeOver(owned);
    if (known !== null) return [known];
    const counted = await this.circuit.ask(() =>
      Promise.all(owned.map(({ limit, owner }) => countInRedis(limit, owner))),
    );
    const states = owned.map(({ limit, owner }, index) => {
      const inMemory = (): Usage | null => (isRead ? null : this.countInMemory(limit, owner));
      return stateOf(limit, counted?.[index] ?? inMemory());
    });
    this.note(owned, states, counted !== null);
    return states;
  }

  private limitsOf(config: Config): readonly Limit[] {
    const inRedis = (name: string, points: number): RateLimiterRedis =>
      new RateLimiterRedis({
        storeClient: this.connection,
        keyPrefix: `rate:${name}`,
        points,
        duration: WINDOW_SECONDS,
      });
    const { RATE_LIMIT_PER_MINUTE: ofKey, RATE_LIMIT_ORGANIZATION_PER_MINUTE: ofOrganization } = config;
    const limits: Limit[] = [
      { name: 'key', quota: ofKey, inRedis: inRedis('key', ofKey), ownerOf: callerOf },
      {
        name: 'organization',
        quota: ofOrganization,
        inRedis: inRedis('organization', ofOrganization),
        ownerOf: ({ organizationId }) => organizationId,
      },
    ];
    return limits.filter(({ quota }) => quota > 0);
  }

  private countInMemory({ name, quota }: Limit, owner: string): Usage {
    const { used, resetMs } = this.memory.take(`${name}:${owner}`, Date.now());
    return usageOf(quota - used, resetMs, used > quota);
  }

  private knownToBeOver(owned: readonly Owned[]): LimitState | null {
    for (const { limit, owner } of owned) {
      const leftMs = (this.overUntilMs.get(`${limit.name}:${owner}`) ?? 0) - performance.now();
      if (leftMs <= 0) continue;
      this.refused.inc({ limit: limit.name });
      return stateOf(limit, usageOf(0, leftMs, true));
    }
    return null;
  }

  private note(owned: readonly Owned[], states: readonly LimitState[], isOfRedis: boolean): void {
    states.forEach(({ name, usage }, index) => {
      if (!usage?.isExceeded) return;
      this.refused.inc({ limit: name });
      if (!isOfRedis) return;
      if (this.overUntilMs.size >= MAX_NAMES_IN_MEMORY) this.overUntilMs.clear();
      this.overUntilMs.set(`${name}:${owned[index]?.owner ?? ''}`, performance.now() + usage.resetSeconds * 1_000);
    });
  }
}

/** A key, or what else the caller was let in by. */
const callerOf = ({ kind, keyId, organizationId }: Principal): string =>
  keyId ?? (organizationId === null ? kind : `${kind}:${organizationId}`);

async function countInRedis({ quota, inRedis }: Limit, owner: string): Promise<Usage> {
  const { consumedPoints, msBeforeNext } = await consume(inRedis, owner);
  return usageOf(quota - consumedPoints, msBeforeNext, consumedPoints > quota);
}

/** The library throws what it has counted when that is too much. */
async function consume(limiter: RateLimiterRedis, owner: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(owner);
  } catch (error) {
    if (error instanceof RateLimiterRes) return error;
    throw error;
  }
}

const usageOf = (remaining: number, resetMs: number, isExceeded: boolean): Usage => ({
  remaining: Math.max(0, remaining),
  resetSeconds: Math.max(1, Math.ceil(resetMs / 1_000)),
  isExceeded,
});

const stateOf = ({ name, quota }: Limit, usage: Usage | null): LimitState => ({
  name,
  quota,
  windowSeconds: WINDOW_SECONDS,
  usage,
});
