import { setLogLevel } from '../logging/index.js';
import { Metrics } from '../metrics/index.js';
import { HealthService } from './health.service.js';
import { ProbeServer } from './probe-server.js';
import { Readiness } from './readiness.js';

beforeAll(() => setLogLevel('silent'));

const metrics = new Metrics();
const servers: ProbeServer[] = [];

afterAll(async () => {
  await Promise.all(servers.map((server) => server.onApplicationShutdown()));
  metrics.onApplicationShutdown();
});

async function listen(isUp: boolean, metricsToken?: string): Promise<string> {
  const readiness = new Readiness();
  readiness.add({ name: 'redis', check: async () => (isUp ? undefined : Promise.reject(new Error('away'))) });
  const server = new ProbeServer(new HealthService(readiness, ['redis']), metrics, { METRICS_TOKEN: metricsToken });
  servers.push(server);
  return `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`;
}

describe('the probe server of a worker', () => {
  it('tells that the process lives, whatever is away', async () => {
    const answer = await fetch(`${await listen(false)}/health/live`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'alive' }]);
  });

  it('is ready with what it needs and answers 503 without', async () => {
    const ready = await fetch(`${await listen(true)}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', checks: { redis: 'up' } }]);
    const unready = await fetch(`${await listen(false)}/health`);
    expect([unready.status, await unready.json()]).toEqual([
      503,
      {
        status: 'not_ready',
        checks: { redis: 'down' },
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        uptime_seconds: expect.any(Number),
      },
    ]);
  });

  it('gives metrics to anybody, or with a token to its holder', async () => {
    expect((await fetch(`${await listen(true)}/metrics`)).status).toBe(200);
    const url = `${await listen(true, 'scrape-me')}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: 'Bearer nope' } })).status).toBe(401);
    const answer = await fetch(url, { headers: { authorization: 'Bearer scrape-me' } });
    expect(await answer.text()).toContain('process_cpu_seconds_total');
  });

  it('has nothing else', async () => {
    const answer = await fetch(`${await listen(true)}/api/v1/accounts`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  it('says so when its port is taken', async () => {
    const port = Number(new URL(await listen(true)).port);
    const second = new ProbeServer(new HealthService(new Readiness(), []), metrics, { METRICS_TOKEN: undefined });
    await expect(second.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
