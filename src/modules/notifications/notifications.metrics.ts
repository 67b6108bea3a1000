import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY } from '../../platform/database/index.js';
import { Metrics } from '../../platform/metrics/index.js';
import type { ChannelKind } from './domain/channel.js';
import type { NextStep } from './domain/retry-schedule.js';
import { OutgoingRepository } from './persistence/outgoing.repository.js';

/** What an operator sees of those who are told, and of those who are not. */
@Injectable()
export class NotificationsMetrics {
  private readonly attempts;
  private readonly durations;

  constructor(metrics: Metrics, database: Database, outgoing: OutgoingRepository) {
    this.attempts = metrics.counter({
      name: 'notification_attempts_total',
      help: 'Attempts to send a notification, by what it became: sent, pending (tried again) or failed.',
      labelNames: ['kind', 'status'],
    });
    this.durations = metrics.histogram({
      name: 'notification_send_seconds',
      help: 'How long the other side took, whatever it answered.',
      labelNames: ['kind'],
    });
    metrics.gauge({
      name: 'notifications_due',
      help: 'Notifications whose time has come, and that nobody has begun to send.',
      collect: async (gauge) => gauge.set((await outgoing.backlog(database.as(DISCOVERY))).count),
    });
    metrics.gauge({
      name: 'notification_oldest_due_seconds',
      help: 'For how long the first of them has been due.',
      collect: async (gauge) => gauge.set((await outgoing.backlog(database.as(DISCOVERY))).oldestSeconds),
    });
  }

  /** @param kind `none` when the channel is gone */
  attempted(kind: ChannelKind | 'none', status: NextStep['status']): void {
    this.attempts.inc({ kind, status });
  }

  async timed<T>(kind: ChannelKind, work: () => Promise<T>): Promise<T> {
    const stop = this.durations.startTimer({ kind });
    try {
      return await work();
    } finally {
      stop();
    }
  }
}
