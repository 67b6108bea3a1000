import { Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/index.js';
import { Queues } from './queues.js';

const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** How much lies in Redis. What has to be done is in PostgreSQL: an empty queue does not mean idle. */
@Injectable()
export class QueueMetrics {
  constructor(metrics: Metrics, queues: Queues) {
    metrics.gauge({
      name: 'queue_jobs',
      help: 'Jobs of a queue, by state.',
      labelNames: ['queue', 'state'],
      collect: async (gauge) => {
        for (const queue of queues.all()) {
          const counts = await queue.getJobCounts(...STATES);
          for (const state of STATES) gauge.set({ queue: queue.name, state }, counts[state] ?? 0);
        }
      },
    });
  }
}
