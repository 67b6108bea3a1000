import { Injectable } from '@nestjs/common';
import { Metrics } from '../../platform/metrics/index.js';
import type { PaymentOperation } from './domain/rail.js';

export type RailOperation = PaymentOperation | 'statement';

/** What can be seen of a rail's gate from outside. */
export interface GateView {
  readonly callsUnderWay: number;
  readonly isClosed: boolean;
  pausedForMs(): number;
}

/** What an operator watches a rail by. */
@Injectable()
export class RailsMetrics {
  private readonly gates = new Map<string, GateView>();
  private readonly calls;
  private readonly durations;

  constructor(metrics: Metrics) {
    this.calls = metrics.counter({
      name: 'rail_calls_total',
      help: 'Calls of this process to a rail, by what they came to.',
      labelNames: ['rail', 'operation', 'outcome'],
    });
    this.durations = metrics.histogram({
      name: 'rail_call_seconds',
      help: 'How long calls to a rail took.',
      labelNames: ['rail', 'operation'],
    });
    const gauge = (name: string, help: string, read: (gate: GateView) => number) =>
      metrics.gauge({
        name,
        help,
        labelNames: ['rail'],
        collect: (one) => this.gates.forEach((gate, rail) => one.set({ rail }, read(gate))),
      });
    gauge('rail_calls_in_flight', 'Calls to a rail under way in this process.', (gate) => gate.callsUnderWay);
    gauge('rail_breaker_open', '1 while the circuit breaker of a rail holds calls back in this process.', (gate) =>
      gate.isClosed ? 0 : 1,
    );
    gauge(
      'rail_paused_seconds',
      'For how long this process will send no payment to a rail.',
      (gate) => gate.pausedForMs() / 1_000,
    );
  }

  watch(rail: string, gate: GateView): void {
    this.gates.set(rail, gate);
  }

  called(rail: string, operation: RailOperation, outcome: string): void {
    this.calls.inc({ rail, operation, outcome });
  }

  took(rail: string, operation: RailOperation, durationMs: number): void {
    this.durations.observe({ rail, operation }, durationMs / 1_000);
  }
}
