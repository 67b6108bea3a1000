import { getQueueToken } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { declaredJobs, type JobEnvelope, jobId } from './job.js';
import { RedisClient } from './redis.js';

/** A job ready for its queue. */
export interface PublishableJob {
  readonly job: string;
  /** The row it stands for: a chunk or an outbox row. */
  readonly id: string;
  readonly generation: number;
  readonly envelope: JobEnvelope;
}

/** The one place where jobs enter Redis. Only the relay and the dispatcher call it. */
@Injectable()
export class Queues {
  constructor(
    private readonly modules: ModuleRef,
    private readonly redis: RedisClient,
  ) {}

  all(): Queue[] {
    return declaredJobs().map((name) => this.get(name));
  }

  /** @throws when Redis is away; the rows stay due and are published later */
  async publish(jobs: readonly PublishableJob[]): Promise<void> {
    if (!this.redis.isReady) throw new Error('Redis is not reachable');
    for (const name of new Set(jobs.map((job) => job.job))) {
      await this.get(name).addBulk(
        jobs
          .filter((job) => job.job === name)
          .map((job) => ({
            name,
            data: job.envelope,
            opts: {
              jobId: jobId(name, job.id, job.generation),
              attempts: 5,
              backoff: { type: 'exponential', delay: 200 },
              removeOnComplete: true,
              removeOnFail: { age: 86_400, count: 1_000 },
            },
          })),
      );
    }
  }

  private get(name: string): Queue {
    return this.modules.get<Queue>(getQueueToken(name), { strict: false });
  }
}
