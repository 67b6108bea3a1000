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

/** A queue this process takes jobs from. */
export interface Consuming {
  readonly queue: string;
  readonly worker: Worker;
  /** Jobs begun so far. */
  readonly taken: number;
  /** Whether one more could run. */
  readonly hasRoom: boolean;
}

/** Starts consuming: only the worker process calls it. An API process composes the same features and never consumes. */
@Injectable()
export class Consumer implements BeforeApplicationShutdown {
  private readonly handlers: JobHandler<Record<string, string>>[] = [];

  constructor(
    private readonly registrar: BullRegistrar,
    private readonly discovery: DiscoveryService,
    private readonly redis: RedisClient,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws when a declared job has no handler, or two: such a worker would leave money lying. */
  start(): void {
    this.registrar.register();
    this.handlers.push(...this.findHandlers());
    for (const { worker, concurrency } of this.handlers) {
      worker.concurrency = concurrency ?? this.config.WORKER_CONCURRENCY;
      worker.on('error', (error) => this.tellError(worker.name, error));
    }
    assertOneHandlerEach(this.handlers.map(({ worker }) => worker.name));
  }

  /** How it goes with each queue; empty in a process that does not consume. */
  consuming(): Consuming[] {
    return this.handlers.map(({ worker, taken, running }) => ({
      queue: worker.name,
      worker,
      taken,
      hasRoom: running < worker.concurrency,
    }));
  }

  /**
   * Before anything they use is taken apart: jobs under way finish, no new one is taken. Without Redis a worker could not even be told
   * to stop taking jobs, and waits for ever: it is cut off, and what it has under way ends without telling Redis.
   */
  async beforeApplicationShutdown(): Promise<void> {
    const isCutOff = !(await this.redis.isAnswering());
    await Promise.all(
      this.handlers.map(async (handler) => {
        await handler.worker.close(isCutOff);
        await handler.finished();
      }),
    );
  }

  private findHandlers(): JobHandler<Record<string, string>>[] {
    return this.discovery
      .getProviders()
      .map((wrapper) => wrapper.instance as unknown)
      .filter((instance): instance is JobHandler<Record<string, string>> => instance instanceof JobHandler);
  }

  /** That Redis is away is told once, by the RedisClient, and not by each worker at each attempt to reconnect. */
  private tellError(queue: string, error: Error): void {
    const isBroken = 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
    const isOutage = isBroken || !this.redis.isReady;
    logger[isOutage ? 'debug' : 'warn']({ event: 'queue_worker_error', queue, err: error });
  }
}

export function assertOneHandlerEach(handled: readonly string[], declared: readonly string[] = declaredJobs()): void {
  const missing = declared.filter((name) => !handled.includes(name));
  const doubled = handled.filter((name, index) => handled.indexOf(name) !== index);
  if (missing.length > 0) throw new Error(`No handler for the jobs: ${missing.join(', ')}`);
  if (doubled.length > 0) throw new Error(`More than one handler for the jobs: ${doubled.join(', ')}`);
}
