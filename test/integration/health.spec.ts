import { startTestApi, type TestApi } from '../support/test-api.js';

let api: TestApi | undefined;

afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function readiness(env: Record<string, string> = {}) {
  api = await startTestApi(env);
  const response = await api.app.inject('/health/ready');
  return { status: response.statusCode, body: response.json<object>() };
}

describe('the health of an API', () => {
  it('is ready on a migrated database with Redis, and says what it asked', async () => {
    expect(await readiness()).toEqual({
      status: 200,
      body: { status: 'ready', checks: { postgres: 'up', migrations: 'up', redis: 'up' } },
    });
    expect((await api?.app.inject('/health'))?.json()).toMatchObject({
      status: 'ready',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptime_seconds: expect.any(Number),
    });
  });

  it('is ready without Redis: what is accepted waits in PostgreSQL', async () => {
    expect(await readiness({ REDIS_URL: 'redis://127.0.0.1:1' })).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { postgres: 'up', redis: 'down' } },
    });
  });
});
