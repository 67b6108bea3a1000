import { Injectable } from '@nestjs/common';
import { Metrics } from '../../platform/metrics/index.js';

/** What an operator sees of those who try what they may not. */
@Injectable()
export class AuditMetrics {
  private readonly refusals;
  private readonly drops;

  constructor(metrics: Metrics) {
    this.refusals = metrics.counter({
      name: 'audit_refusals_total',
      help: 'Refused attempts to change something, by the status they were answered with.',
      labelNames: ['status'],
    });
    this.drops = metrics.counter({
      name: 'audit_refusals_dropped_total',
      help: 'Refused attempts that are only counted in the audit log, because too many kinds of them came in a minute, or waited.',
    });
  }

  refused(status: number): void {
    this.refusals.inc({ status: String(status) });
  }

  dropped(count: number): void {
    this.drops.inc(count);
  }
}
