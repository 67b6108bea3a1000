import { Injectable } from '@nestjs/common';
import { Database } from '../database/index.js';
import { Metrics } from './metrics.js';

/** A pool whose waiting line grows is the first sign of a database that is too slow, or of a pool that is too small. */
@Injectable()
export class PoolMetrics {
  constructor(metrics: Metrics, database: Database) {
    metrics.gauge({
      name: 'database_pool_connections',
      help: 'Connections of the pool in use and idle, and callers waiting for one.',
      labelNames: ['state'],
      collect: (gauge) => {
        const { total, idle, waiting } = database.poolState();
        gauge.set({ state: 'in_use' }, total - idle);
        gauge.set({ state: 'idle' }, idle);
        gauge.set({ state: 'waiting' }, waiting);
      },
    });
  }
}
