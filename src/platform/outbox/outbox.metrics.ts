import { Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/index.js';
import { OutboxRepository } from './outbox.repository.js';

/** A growing lag means that jobs are written and nobody hands them over: no worker, or no Redis. */
@Injectable()
export class OutboxMetrics {
  constructor(metrics: Metrics, repository: OutboxRepository) {
    metrics.gauge({
      name: 'outbox_lag_seconds',
      help: 'For how long the oldest due outbox row has been due.',
      collect: async (gauge) => gauge.set((await repository.lag()).oldestSeconds),
    });
    metrics.gauge({
      name: 'outbox_due_rows',
      help: 'Outbox rows that are due.',
      collect: async (gauge) => gauge.set((await repository.lag()).due),
    });
  }
}
