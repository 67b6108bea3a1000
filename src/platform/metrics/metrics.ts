import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { within } from '../deadline.js';
import { createLogger } from '../logging/index.js';

const logger = createLogger('metrics');

/** A source that does not answer by then is left out, so that a scrape tells of the outage instead of being part of it. */
const COLLECT_TIMEOUT_MS = 2_000;

/** Upper bounds, in seconds. A bulk of 10,000 lines takes tenths of a second, a slow client's upload many. */
const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MetricDefinition<Label extends string> {
  /** snake_case, the unit last, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
}

export interface GaugeDefinition<Label extends string> extends MetricDefinition<Label> {
  /** Runs at every scrape, and sets the values. */
  readonly collect?: (gauge: Gauge<Label>) => void | Promise<void>;
}

/** The metrics of this process. Features register theirs when they are made. */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly registry = new Registry();
  private readonly failures: Counter<'metric'>;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.failures = this.counter({
      name: 'metrics_collect_failures_total',
      help: 'Gauges that could not be read at a scrape.',
      labelNames: ['metric'],
    });
  }

  counter<Label extends string>(definition: MetricDefinition<Label>): Counter<Label> {
    return new Counter({ ...named(definition), registers: [this.registry] });
  }

  /** Of durations in seconds. */
  histogram<Label extends string>(definition: MetricDefinition<Label>): Histogram<Label> {
    return new Histogram({ ...named(definition), buckets: SECONDS_BUCKETS, registers: [this.registry] });
  }

  gauge<Label extends string>({ collect, ...definition }: GaugeDefinition<Label>): Gauge<Label> {
    const gauge: Gauge<Label> = new Gauge({
      ...named(definition),
      registers: [this.registry],
      ...(collect && { collect: () => this.read(definition, gauge, collect) }),
    });
    return gauge;
  }

  /** Timers and observers of the default metrics would outlive the application. */
  onApplicationShutdown(): void {
    this.registry.clear();
  }

  /** One source that is away must not take the other metrics with it. */
  private async read<Label extends string>(
    { name, labelNames }: MetricDefinition<Label>,
    gauge: Gauge<Label>,
    collect: (gauge: Gauge<Label>) => void | Promise<void>,
  ): Promise<void> {
    const hasLabels = labelNames !== undefined && labelNames.length > 0;
    gauge.reset();
    try {
      await within(COLLECT_TIMEOUT_MS, async () => collect(gauge));
    } catch (error) {
      gauge.reset();
      // Without labels a reset means zero, and zero is not "unknown".
      if (!hasLabels) gauge.remove();
      this.failures.inc({ metric: name } as never);
      logger.warn({ event: 'metric_not_collected', metric: name, err: error });
    }
  }
}

function named<Label extends string>({ name, help, labelNames }: MetricDefinition<Label>) {
  return { name, help, labelNames: [...(labelNames ?? [])] };
}
