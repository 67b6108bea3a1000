import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { Consumer } from './consumer.js';
import type { JobDefinition } from './job.js';
import { QueueEpoch } from './queue-epoch.js';
import { QueueMetrics } from './queue.metrics.js';
import { Queues } from './queues.js';
import { RedisClient } from './redis.js';
import { RedisLock } from './redis-lock.js';
import { Wake } from './wake.js';

@Global()
@Module({
  imports: [
    DiscoveryModule,
    BullModule.forRootAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({
        connection: { url: config.REDIS_URL, maxRetriesPerRequest: null },
        extraOptions: { manualRegistration: true },
      }),
      extraOptions: { manualRegistration: true },
    }),
  ],
  providers: [RedisClient, RedisLock, Wake, Queues, QueueEpoch, QueueMetrics, Consumer],
  exports: [RedisClient, RedisLock, Wake, Queues, QueueEpoch, Consumer],
})
export class QueueModule {
  /** The queues of a feature's jobs. */
  static forJobs(jobs: readonly JobDefinition[]): DynamicModule {
    return BullModule.registerQueue(...jobs.map((job) => ({ name: job.name })));
  }
}
