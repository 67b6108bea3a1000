import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY } from '../../platform/database/index.js';
import { Metrics } from '../../platform/metrics/index.js';
import { ClaimRepository } from './persistence/claim.repository.js';
import { EndpointRepository } from './persistence/endpoint.repository.js';

/** What an operator watches webhooks by. */
@Injectable()
export class WebhooksMetrics {
  private readonly attempts;
  private readonly durations;

  constructor(metrics: Metrics, claims: ClaimRepository, endpoints: EndpointRepository, database: Database) {
    this.attempts = metrics.counter({
      name: 'webhook_attempts_total',
      help: 'Attempts of this process to deliver an event, by what came of them.',
      labelNames: ['outcome'],
    });
    this.durations = metrics.histogram({
      name: 'webhook_attempt_seconds',
      help: 'How long receivers took, by what came of it.',
      labelNames: ['outcome'],
    });
    metrics.gauge({
      name: 'webhook_oldest_due_seconds',
      help: 'For how long the delivery that is due longest has been due, of enabled endpoints.',
      collect: async (gauge) => gauge.set(await claims.oldestDueSeconds()),
    });
    metrics.gauge({
      name: 'webhook_endpoints_disabled',
      help: 'Webhook endpoints that are disabled, by whomever.',
      collect: async (gauge) => gauge.set(await endpoints.countDisabled(database.as(DISCOVERY))),
    });
  }

  attempted(outcome: 'succeeded' | 'retry' | 'failed' | 'gone' | 'late', durationMs: number): void {
    this.attempts.inc({ outcome });
    this.durations.observe({ outcome }, durationMs / 1_000);
  }
}
