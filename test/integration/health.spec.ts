import { Database } from '../../src/platform/database/index.js';
import { RedisClient } from '../../src/platform/queue/index.js';
import { startTestApi, type TestApi } from '../support/test-api.js';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
  await api.app.get(RedisClient).settled();
});
afterAll(() => api.close());

async function answerOf(path: string) {
  const response = await api.app.inject(path);
  return { status: response.statusCode, body: response.json<object>() };
}

describe('the health of an API', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is ready on a migrated database with Redis, and says what it asked', async () => {
    const ready = { status: 'ready', checks: { postgres: 'up', migrations: 'up', redis: 'up' } };
    expect(await answerOf('/health/ready')).toEqual({ status: 200, body: ready });
    expect(await answerOf('/health')).toEqual({
      status: 200,
      body: { ...ready, version: expect.stringMatching(/^\d+\.\d+\.\d+/), uptime_seconds: expect.any(Number) },
    });
  });

  it('is ready without Redis: what is accepted waits in PostgreSQL', async () => {
    jest.spyOn(api.app.get(RedisClient).connection, 'ping').mockRejectedValue(new Error('connection is closed'));
    expect(await answerOf('/health/ready')).toEqual({
      status: 200,
      body: { status: 'ready', checks: { postgres: 'up', migrations: 'up', redis: 'down' } },
    });
  });

  it('is not ready without PostgreSQL, but alive', async () => {
    const database = api.app.get(Database);
    jest.spyOn(database, 'ping').mockRejectedValue(new Error('connect ECONNREFUSED'));
    jest.spyOn(database, 'as').mockImplementation(() => {
      throw new Error('connect ECONNREFUSED');
    });
    expect(await answerOf('/health/ready')).toEqual({
      status: 503,
      body: { status: 'not_ready', checks: { postgres: 'down', migrations: 'down', redis: 'up' } },
    });
    expect(await answerOf('/health/live')).toEqual({ status: 200, body: { status: 'alive' } });
  });
});
