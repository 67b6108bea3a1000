import { getQueueToken } from '@nestjs/bullmq';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { NoAnswerInTime, within } from '../deadline.js';
import { declaredJobs, type JobEnvelope, jobId } from './job.js';
import { reconnect } from './redis-connection.js';
import { RedisClient } from './redis.js';

/** A job ready for its queue. */
export interface PublishableJob {
  readonly job: string;
  /** The row it stands for: a chunk or an outbox row. */
  readonly id: string;
  readonly generation: number;
  readonly envelope: JobEnvelope;
}

const PUBLISH_TIMEOUT_MS = 5_000;

/**
 * Attempts cover that what a job stands on is away, such as a PostgreSQL that restarts: about every second, so that work goes on soon
 * after, and for about as long as until the job is handed over again anyway. A payment is never retried by the queue.
 */
const ATTEMPTS = { attempts: 25, backoff: { type: 'fixed', delay: 1_000, jitter: 0.5 } };

/** The one place where jobs enter Redis. Only the relay and the dispatcher call it. */
@Injectable()
export class Queues implements BeforeApplicationShutdown {
  constructor(
    private readonly modules: ModuleRef,
    private readonly redis: RedisClient,
  ) {}

  all(): Queue[] {
    return declaredJobs().map((name) => this.get(name));
  }

  /** @throws when Redis is away or does not answer; the rows stay due and are published later, which may make it twice */
  async publish(jobs: readonly PublishableJob[]): Promise<void> {
    if (!this.redis.isReady) throw new Error('Redis is not reachable');
    for (const name of new Set(jobs.map((job) => job.job))) {
      const queue = this.get(name);
      const added = jobs.filter((job) => job.job === name).map(toBullmqJob);
      try {
        await within(PUBLISH_TIMEOUT_MS, () => queue.addBulk(added));
      } catch (error) {
        // What is asked next is not asked over the same silent connection.
        if (error instanceof NoAnswerInTime) await reconnect(queue.getBackend());
        throw error;
      }
    }
  }

  /** Jobs somebody should take now; none while an operator has paused the queue. */
  async countWaiting(name: string): Promise<number> {
    const queue = this.get(name);
    if (await queue.isPaused()) return 0;
    return queue.getJobCountByTypes('waiting', 'prioritized');
  }

  /** Closing waits for Redis to say goodbye. A Redis that does not answer is left without one. */
  async beforeApplicationShutdown(): Promise<void> {
    if (await this.redis.isAnswering()) return;
    await Promise.all(this.all().map((queue) => queue.getBackend().close(true)));
  }

  private get(name: string): Queue {
    return this.modules.get<Queue>(getQueueToken(name), { strict: false });
  }
}

function toBullmqJob({ job: name, id, generation, envelope }: PublishableJob) {
  return {
    name,
    data: envelope,
    opts: {
      jobId: jobId(name, id, generation),
      ...ATTEMPTS,
      removeOnComplete: true,
      removeOnFail: { age: 86_400, count: 1_000 },
    },
  };
}
