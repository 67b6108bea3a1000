import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RedisClient } from './redis.js';

const COMPARE_AND_DELETE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/**
 * `SET NX PX` with compare-and-delete. It only saves work: a second holder, a lost lock or a Redis that is away must change
 * nothing, because the database decides.
 */
@Injectable()
export class RedisLock {
  constructor(private readonly redis: RedisClient) {}

  /** Runs `work` unless somebody else holds the lock. Without Redis it runs. False when it did not run. */
  async run(name: string, ttlMs: number, work: () => Promise<void>): Promise<boolean> {
    const key = `lock:${name}`;
    const token = randomUUID();
    if (!(await this.acquire(key, token, ttlMs))) return false;
    try {
      await work();
    } finally {
      await this.release(key, token);
    }
    return true;
  }

  private async acquire(key: string, token: string, ttlMs: number): Promise<boolean> {
    if (!this.redis.isReady) return true;
    try {
      return (await this.redis.connection.set(key, token, 'PX', ttlMs, 'NX')) === 'OK';
    } catch {
      return true; // Redis went away: the lock is an optimisation, the work is not.
    }
  }

  private async release(key: string, token: string): Promise<void> {
    try {
      await this.redis.connection.eval(COMPARE_AND_DELETE, 1, key, token);
    } catch {
      // It expires by itself.
    }
  }
}
