import { setLogLevel } from '../logging/index.js';
import { Metrics } from './metrics.js';

let metrics: Metrics;

beforeEach(() => {
  setLogLevel('silent');
  metrics = new Metrics();
});
afterEach(() => metrics.onApplicationShutdown());

const lines = async (name: string) =>
  (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name) && line.includes(' '));

describe('metrics', () => {
  it('count, and measure in seconds', async () => {
    metrics.counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['job'] }).inc({ job: 'a' }, 2);
    metrics.histogram({ name: 'wait_seconds', help: 'Waiting.' }).observe(0.2);
    expect(await lines('jobs_total')).toEqual(['jobs_total{job="a"} 2']);
    expect(await lines('wait_seconds_bucket{le="0.25"}')).toEqual(['wait_seconds_bucket{le="0.25"} 1']);
  });

  it('read gauges at every scrape, and forget labels that are gone', async () => {
    const states = [['open'], ['closed']];
    metrics.gauge({
      name: 'bulks',
      help: 'Bulks.',
      labelNames: ['state'],
      collect: async (gauge) => states.shift()?.forEach((state) => gauge.set({ state }, 1)),
    });
    expect(await lines('bulks')).toEqual(['bulks{state="open"} 1']);
    expect(await lines('bulks')).toEqual(['bulks{state="closed"} 1']);
  });

  it('lose only the gauge whose source is away, and count that', async () => {
    metrics.counter({ name: 'jobs_total', help: 'Jobs.' }).inc();
    metrics.gauge({
      name: 'lag',
      help: 'Lag.',
      labelNames: ['queue'],
      collect: () => Promise.reject(new Error('away')),
    });
    await metrics.registry.metrics();
    expect(await lines('jobs_total')).toEqual(['jobs_total 1']);
    expect(await lines('lag')).toEqual([]);
    expect(await lines('metrics_collect_failures_total')).toEqual([expect.stringContaining('{metric="lag"}')]);
  });

  it('do not wait for a source that never answers', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    try {
      metrics.gauge({ name: 'stuck', help: 'Stuck.', collect: () => new Promise(() => undefined) });
      metrics.gauge({ name: 'fine', help: 'Fine.', collect: (gauge) => gauge.set(5) });
      const scrape = metrics.registry.metrics();
      await jest.advanceTimersByTimeAsync(2_000);
      const samples = (await scrape).split('\n').filter((line) => /^(stuck|fine)/.test(line));
      expect(samples).toEqual(['fine 5']); // a zero would be a lie
    } finally {
      jest.useRealTimers();
    }
  });

  it('of two applications in one process do not mix', async () => {
    const other = new Metrics();
    other.counter({ name: 'jobs_total', help: 'Jobs.' }).inc(5);
    metrics.counter({ name: 'jobs_total', help: 'Jobs.' }).inc(1);
    expect(await lines('jobs_total')).toEqual(['jobs_total 1']);
    other.onApplicationShutdown();
  });
});
