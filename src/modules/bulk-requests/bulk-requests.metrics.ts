import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY } from '../../platform/database/index.js';
import { Metrics } from '../../platform/metrics/index.js';
import type { ApprovalOutcome } from './domain/approval.js';
import { ApprovalRepository } from './persistence/approval.repository.js';

/** What an operator watches waiting bulk requests by. */
@Injectable()
export class BulkRequestsMetrics {
  private readonly outcomes;

  constructor(metrics: Metrics, database: Database, approvals: ApprovalRepository) {
    this.outcomes = metrics.counter({
      name: 'approvals_decided_total',
      help: 'Bulk requests that no longer await approval, by what became of them.',
      labelNames: ['outcome'],
    });
    metrics.gauge({
      name: 'approvals_waiting',
      help: 'Bulk requests that await approval.',
      collect: async (gauge) => gauge.set((await approvals.waiting(database.as(DISCOVERY))).count),
    });
    metrics.gauge({
      name: 'approval_oldest_waiting_seconds',
      help: 'For how long the oldest bulk request that awaits approval has.',
      collect: async (gauge) => gauge.set((await approvals.waiting(database.as(DISCOVERY))).oldestSeconds),
    });
  }

  decided(outcome: ApprovalOutcome): void {
    this.outcomes.inc({ outcome });
  }
}
