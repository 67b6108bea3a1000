import { Injectable } from '@nestjs/common';
import { Metrics } from '../../platform/metrics/index.js';
import type { Move } from './domain/line.js';
import { KillSwitchRepository } from './persistence/kill-switch.repository.js';
import { TransferMetricsRepository } from './persistence/transfer-metrics.repository.js';

/** What an operator watches the engine by. */
@Injectable()
export class TransfersMetrics {
  private readonly moves;
  private readonly leases;
  private readonly durations;

  constructor(metrics: Metrics, repository: TransferMetricsRepository, killSwitches: KillSwitchRepository) {
    this.moves = metrics.counter({
      name: 'transfer_moves_total',
      help: 'Transfers that changed their state in this process, by what moved them.',
      labelNames: ['rail', 'source', 'to'],
    });
    this.leases = metrics.counter({
      name: 'chunk_leases_lost_total',
      help: 'Leases that ran out, and results that came after one had.',
      labelNames: ['rail', 'how'],
    });
    this.durations = metrics.histogram({
      name: 'chunk_execution_seconds',
      help: 'From lease to record of one chunk.',
      labelNames: ['rail', 'purpose'],
    });
    metrics.gauge({
      name: 'kill_switches_engaged',
      help: 'Kill switches that are engaged, 1 each, by what they stop.',
      labelNames: ['scope', 'target'],
      collect: async (gauge) => {
        for (const engaged of await killSwitches.targets()) gauge.set(engaged, 1);
      },
    });
    metrics.gauge({
      name: 'transfers_open',
      help: 'Transfers of bulk requests that are not completed, by state.',
      labelNames: ['status'],
      collect: async (gauge) => {
        for (const { status, count } of await repository.openByStatus()) gauge.set({ status }, count);
      },
    });
    metrics.gauge({
      name: 'chunk_oldest_due_seconds',
      help: 'For how long the oldest unfinished chunk has been due, by rail and state.',
      labelNames: ['rail', 'status'],
      collect: async (gauge) => {
        for (const { rail, status, oldestSeconds } of await repository.chunks())
          gauge.set({ rail, status }, oldestSeconds);
      },
    });
    metrics.gauge({
      name: 'chunks_unfinished',
      help: 'Chunks that are not closed, by rail and state.',
      labelNames: ['rail', 'status'],
      collect: async (gauge) => {
        for (const { rail, status, count } of await repository.chunks()) gauge.set({ rail, status }, count);
      },
    });
  }

  moved(rail: string, moves: readonly Move[]): void {
    const counts = new Map<string, { source: string; to: string; count: number }>();
    for (const { source, to, from } of moves) {
      if (from === to) continue;
      const entry = counts.get(`${source} ${to}`) ?? { source, to, count: 0 };
      entry.count++;
      counts.set(`${source} ${to}`, entry);
    }
    for (const { source, to, count } of counts.values()) this.moves.inc({ rail, source, to }, count);
  }

  /** Cancelled before anything of their bulk began. */
  withdrawn(rail: string, lines: number): void {
    this.moves.inc({ rail, source: 'stop', to: 'cancelled' }, lines);
  }

  leaseLost(rail: string, how: 'expired' | 'late_result'): void {
    this.leases.inc({ rail, how });
  }

  executed(rail: string, purpose: string, durationMs: number): void {
    this.durations.observe({ rail, purpose }, durationMs / 1_000);
  }
}
