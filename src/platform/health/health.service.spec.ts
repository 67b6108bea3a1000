import { setLogLevel } from '../logging/index.js';
import { HealthService } from './health.service.js';
import { Readiness } from './readiness.js';

beforeAll(() => setLogLevel('silent'));

const up = async (): Promise<void> => undefined;
const down = async (): Promise<void> => Promise.reject(new Error('connect ECONNREFUSED'));

function service(checks: Record<string, () => Promise<void>>, ...required: string[]): HealthService {
  const readiness = new Readiness();
  for (const [name, check] of Object.entries(checks)) readiness.add({ name, check });
  return new HealthService(readiness, required);
}

describe('readiness', () => {
  it('needs everything this kind of process cannot do without', async () => {
    expect(await service({ postgres: up, redis: up }, 'postgres').report()).toEqual({
      status: 'ready',
      checks: { postgres: 'up', redis: 'up' },
    });
    expect(await service({ postgres: down, redis: up }, 'postgres').report()).toEqual({
      status: 'not_ready',
      checks: { postgres: 'down', redis: 'up' },
    });
  });

  it('of an API holds without Redis, of a worker it does not', async () => {
    const checks = { postgres: up, redis: down };
    expect(await service(checks, 'postgres').report()).toMatchObject({ status: 'ready', checks: { redis: 'down' } });
    expect(await service(checks, 'postgres', 'redis').report()).toMatchObject({ status: 'not_ready' });
  });

  it('is not assumed of something nobody checks', async () => {
    expect(await service({}, 'postgres').report()).toEqual({ status: 'not_ready', checks: {} });
  });

  it('comes back with what it needs', async () => {
    let isUp = false;
    const health = service({ postgres: () => (isUp ? up() : down()) }, 'postgres');
    expect((await health.report()).status).toBe('not_ready');
    isUp = true;
    expect((await health.report()).status).toBe('ready');
  });

  it('ends when the process begins to stop', async () => {
    const health = service({ postgres: up }, 'postgres');
    health.beforeApplicationShutdown();
    expect((await health.report()).status).toBe('stopping');
  });

  it('does not wait longer than two seconds for anything', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    try {
      const report = service({ postgres: () => new Promise(() => undefined) }, 'postgres').report();
      await jest.advanceTimersByTimeAsync(2_000);
      expect(await report).toEqual({ status: 'not_ready', checks: { postgres: 'down' } });
    } finally {
      jest.useRealTimers();
    }
  });
});
