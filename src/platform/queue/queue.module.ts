import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { createLogger } from '../logging/index.js';
import { Consumer } from './consumer.js';
import type { JobDefinition } from './job.js';
import { queueConnection } from './queue-connection.js';
import { QueueEpoch } from './queue-epoch.js';
import { QueueMetrics } from './queue.metrics.js';
import { QueueWatch } from './queue-watch.js';
import { Queues } from './queues.js';
import { RedisClient } from './redis.js';
import { RedisLock } from './redis-lock.js';
import { Wake } from './wake.js';

/** The queues of one feature. */
@Module({})
class JobQueuesModule {}

@Global()
@Module({
  imports: [
    DiscoveryModule,
    BullModule.forRootAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({
        connection: queueConnection(config),
        extraOptions: { manualRegistration: true },
      }),
      extraOptions: { manualRegistration: true },
    }),
  ],
  providers: [RedisClient, RedisLock, Wake, Queues, QueueEpoch, QueueMetrics, QueueWatch, Consumer],
  exports: [RedisClient, RedisLock, Wake, Queues, QueueEpoch, Consumer],
})
export class QueueModule {
  /** The queues of a feature's jobs. */
  static forJobs(jobs: readonly JobDefinition[]): DynamicModule {
    const queues = BullModule.registerQueue(...jobs.map((job) => ({ name: job.name })));
    return {
      module: JobQueuesModule,
      imports: [queues],
      providers: [
        { provide: LISTENERS, inject: jobs.map((job) => getQueueToken(job.name)), useFactory: listenForErrors },
      ],
      exports: [queues],
    };
  }
}

const LISTENERS = Symbol('QUEUE_ERROR_LISTENERS');
const logger = createLogger('queues');

/**
 * Made right after the queues, before one can fail: without a listener BullMQ prints every attempt to reconnect. That Redis is
 * away is told once, by the RedisClient.
 */
function listenForErrors(...queues: Queue[]): Queue[] {
  for (const queue of queues) queue.on('error', (error) => logger.debug({ event: 'queue_error', err: error }));
  return queues;
}
