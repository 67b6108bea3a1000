import { Injectable } from '@nestjs/common';
import { Metrics } from '../../platform/metrics/index.js';
import type { RunStatus } from './domain/run.state.js';
import { BreakRepository } from './persistence/break.repository.js';
import { RunRepository } from './persistence/run.repository.js';

/** What an operator watches reconciliation by. */
@Injectable()
export class ReconciliationMetrics {
  private readonly runs;

  constructor(metrics: Metrics, breaks: BreakRepository, runs: RunRepository) {
    this.runs = metrics.counter({
      name: 'reconciliation_runs_total',
      help: 'Reconciliation runs that ended in this process.',
      labelNames: ['rail', 'status'],
    });
    metrics.gauge({
      name: 'reconciliation_breaks_open',
      help: 'Breaks that nobody has resolved, by class.',
      labelNames: ['class'],
      collect: async (gauge) => {
        for (const { class: breakClass, count } of await breaks.countUnresolved())
          gauge.set({ class: breakClass }, count);
      },
    });
    metrics.gauge({
      name: 'reconciliation_last_run_age_seconds',
      help: 'How long ago the last run of the whole platform completed, by rail.',
      labelNames: ['rail'],
      collect: async (gauge) => {
        for (const { rail, seconds } of await runs.lastRunAges()) gauge.set({ rail }, seconds);
      },
    });
  }

  runEnded(rail: string, status: Exclude<RunStatus, 'running'>): void {
    this.runs.inc({ rail, status });
  }
}
