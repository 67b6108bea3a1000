import { Redis } from 'ioredis';
import { newId } from '../../src/domain/ids.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { type TcpFreezer, startTcpFreezer } from '../support/tcp-freezer.js';
import { type ApiAnswer, startTestApi, type TestApi } from '../support/test-api.js';
import { testRedisUrl } from '../support/test-redis.js';

const KEY_QUOTA = 5;
const ORGANIZATION_QUOTA = 8;
const LIMITS = {
  RATE_LIMIT_PER_MINUTE: String(KEY_QUOTA),
  RATE_LIMIT_ORGANIZATION_PER_MINUTE: String(ORGANIZATION_QUOTA),
};

let api: TestApi;
let freezer: TcpFreezer;
let redis: Redis;
let organizationId: string;

/** A key of an organization that was made before the limits were counted. */
const newKey = async (): Promise<string> => (await createApiKey(api.app, { organizationId })).secret;
const read = (key: string): Promise<ApiAnswer> => api.call('/accounts', { key });
const write = (key: string): Promise<ApiAnswer> => api.call(`/transfers/${newId()}/cancel`, { method: 'POST', key });
/** The samples of the limiter. */
const metrics = async (): Promise<string[]> => {
  const { payload } = await api.app.inject('/metrics');
  return payload.split('\n').filter((line) => /^(rate_limiter_degraded|http_rate_limited_total)/.test(line));
};
/** One after the other: which of them is refused is told by their order. */
async function times(count: number, call: () => Promise<ApiAnswer>): Promise<ApiAnswer[]> {
  const answers: ApiAnswer[] = [];
  for (let i = 0; i < count; i++) answers.push(await call());
  return answers;
}
const statuses = (answers: readonly ApiAnswer[]): number[] => answers.map(({ status }) => status);
const repeated = (status: number, count: number): number[] => Array.from({ length: count }, () => status);

beforeAll(async () => {
  freezer = await startTcpFreezer(await testRedisUrl());
  redis = new Redis(await testRedisUrl());
  api = await startTestApi({ REDIS_URL: freezer.url, ...LIMITS });
});
beforeEach(async () => {
  ({ id: organizationId } = await createOrganization(api.app));
});
afterAll(async () => {
  freezer.thaw();
  redis.disconnect();
  await api.close();
  await freezer.close();
});

describe('with Redis', () => {
  it('a key has its requests of a minute, is told where it stands, and is then refused before its body is read', async () => {
    const key = await newKey();
    const answers = await times(KEY_QUOTA, () => read(key));
    expect(statuses(answers)).toEqual(repeated(200, KEY_QUOTA));
    expect(answers[0]?.headers).toMatchObject({
      'ratelimit-policy': `"key";q=${KEY_QUOTA};w=60, "organization";q=${ORGANIZATION_QUOTA};w=60`,
      ratelimit: expect.stringMatching(/^"key";r=4;t=\d+, "organization";r=7;t=\d+$/),
    });
    expect(answers[4]?.headers.ratelimit).toMatch(/^"key";r=0;t=\d+, "organization";r=3;t=\d+$/);

    const refused = await api.call('/bulk-requests', { method: 'POST', key, headers: { 'content-type': 'text/csv' } });
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(await metrics()).toContain('http_rate_limited_total{limit="key"} 1');
    expect(await metrics()).toContain('rate_limiter_degraded 0');
  });

  it('an organization has its own, over all its keys, which a key that is refused uses up no further', async () => {
    const [first, second] = [await newKey(), await newKey()];
    const ofFirst = await times(KEY_QUOTA + 10, () => read(first));
    expect(statuses(ofFirst)).toEqual([...repeated(200, KEY_QUOTA), ...repeated(429, 10)]);
    const ofSecond = await times(4, () => read(second));
    expect(statuses(ofSecond)).toEqual([200, 200, 429, 429]); // one went to the first refusal
    expect(ofSecond[2]?.body.detail).toContain('organization');
    ({ id: organizationId } = await createOrganization(api.app));
    expect((await read(await newKey())).status).toBe(200);
  });

  it('leaves strangers, probes and the documentation alone', async () => {
    const unlimited = async (url: string) => (await api.app.inject(url)).headers;
    for (const url of ['/health', '/health/ready', '/docs', '/metrics', '/api/v1/accounts']) {
      expect(await unlimited(url)).not.toHaveProperty('ratelimit-policy');
    }
  });

  it('is counted for all processes, under ids and nothing else', async () => {
    const key = await newKey();
    await read(key);
    const names = (await redis.keys('rate:*')).sort();
    expect(names).toContain(`rate:organization:${organizationId}`);
    for (const name of names) {
      expect(name).toMatch(/^rate:(key|organization):(admin|[0-9a-f-]{36})$/);
      expect(await redis.ttl(name)).toBeGreaterThan(0);
    }
    expect(names.join()).not.toContain(key);
    await redis.set(`rate:organization:${organizationId}`, ORGANIZATION_QUOTA, 'EX', 60);
    expect((await read(key)).status).toBe(429);
  });
});

describe('without Redis', () => {
  let key: string;
  beforeEach(async () => {
    key = await newKey();
    freezer.freezeAll();
  });
  afterEach(async () => {
    freezer.thaw();
    freezer.cut();
    await eventually(async () => (await read(key)).headers.ratelimit !== undefined, { what: 'Redis to count again' });
    expect(await metrics()).toContain('rate_limiter_degraded 0');
  });

  it('reads go through, and writes are counted by this process', async () => {
    const reads = await times(3 * KEY_QUOTA, () => read(key));
    expect(statuses(reads)).toEqual(repeated(200, 3 * KEY_QUOTA));
    expect(reads[0]?.headers).toMatchObject({ 'ratelimit-policy': expect.stringContaining('"key";q=5;w=60') });
    expect(reads[0]?.headers).not.toHaveProperty('ratelimit');
    expect(await metrics()).toContain('rate_limiter_degraded 1');
    const writes = await times(KEY_QUOTA + 2, () => write(key));
    expect(statuses(writes)).toEqual([...repeated(404, KEY_QUOTA), 429, 429]);
  });
});
