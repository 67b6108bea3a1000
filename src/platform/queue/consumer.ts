import { BullRegistrar } from '@nestjs/bullmq';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Worker } from 'bullmq';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { createLogger } from '../logging/index.js';
import { declaredJobs } from './job.js';
import { JobHandler } from './job-handler.js';
import { RedisClient } from './redis.js';

const logger = createLogger('consumer');

/** Starts consuming: only the worker process calls it. An API process composes the same features and never consumes. */
@Injectable()
export class Consumer implements BeforeApplicationShutdown {
  private workers: Worker[] = [];

  constructor(
    private readonly registrar: BullRegistrar,
    private readonly discovery: DiscoveryService,
    private readonly redis: RedisClient,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws when a declared job has no handler, or two: such a worker would leave money lying. */
  start(): void {
    const handlers = this.handlers();
    this.registrar.register();
    for (const handler of handlers) {
      const worker = handler.worker;
      worker.concurrency = handler.concurrency ?? this.config.WORKER_CONCURRENCY;
      worker.on('error', (error) => tellError(worker.name, error));
      this.workers.push(worker);
    }
    assertOneHandlerEach(this.workers.map((worker) => worker.name));
  }

  /**
   * Before anything they use is taken apart: jobs under way finish, no new one is taken. Without Redis a worker could not even be told
   * to stop taking jobs, and waits for ever: it is cut off, and what it has under way ends or loses its lease.
   */
  async beforeApplicationShutdown(): Promise<void> {
    const isCutOff = !this.redis.isReady;
    await Promise.all(this.workers.map((worker) => worker.close(isCutOff)));
  }

  private handlers(): JobHandler<Record<string, string>>[] {
    return this.discovery
      .getProviders()
      .map((wrapper) => wrapper.instance as unknown)
      .filter((instance): instance is JobHandler<Record<string, string>> => instance instanceof JobHandler);
  }
}

export function assertOneHandlerEach(handled: readonly string[], declared: readonly string[] = declaredJobs()): void {
  const missing = declared.filter((name) => !handled.includes(name));
  const doubled = handled.filter((name, index) => handled.indexOf(name) !== index);
  if (missing.length > 0) throw new Error(`No handler for the jobs: ${missing.join(', ')}`);
  if (doubled.length > 0) throw new Error(`More than one handler for the jobs: ${doubled.join(', ')}`);
}

/** That Redis is away is told once, by the RedisClient, and not by each worker at each attempt to reconnect. */
function tellError(queue: string, error: Error): void {
  const isOutage = 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
  logger[isOutage ? 'debug' : 'warn']({ event: 'queue_worker_error', queue, err: error });
}
