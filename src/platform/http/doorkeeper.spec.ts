import type { FastifyRequest } from 'fastify';
import { loadConfig } from '../../config/config.schema.js';
import { setLogLevel } from '../logging/index.js';
import { Metrics } from '../metrics/index.js';
import { RedisClient } from '../queue/index.js';
import { type RequestNonces, signRequest } from '../request-signing/index.js';
import { authenticateBasic, authenticateRequest } from './authentication.js';
import { Doorkeeper } from './doorkeeper.js';
import { FailureBrake } from './failure-brake.js';
import { type Authentication, Authenticator, type Principal } from './principal.js';
import { REQUEST_TIMEOUT_MS } from './request-limits.js';
import { proveBody } from './signed-request.js';

const SECRET = 'trs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const keyOf = (keyId: string, signingSecret: string | null): Principal => ({
  kind: 'key',
  keyId,
  organizationId: 'o',
  scopes: new Set(['operator']),
  actor: { kind: 'key', id: keyId, keyId },
  signingSecret,
});
const operator = keyOf('k', null);

class FewKeys extends Authenticator {
  asked = 0;
  readonly revoked = new Set<string>();

  override async authenticate(text: string): Promise<Authentication> {
    this.asked += 1;
    if (this.revoked.has(text)) return { refused: 'revoked', keyId: 'k' };
    if (text.startsWith('trk_good')) return operator;
    return text === 'trk_signing' ? keyOf('s', SECRET) : { refused: 'wrong_secret', keyId: 'k' };
  }

  override async organizationExists(): Promise<boolean> {
    return false;
  }
}

/** As much of a request as authentication looks at. */
const request = (url: string, { route = url, headers = {}, ip = '192.0.2.1', method = 'GET' }: Partial<Asked> = {}) =>
  ({
    raw: { url },
    method,
    ip,
    routeOptions: { url: route },
    headers,
    principal: null,
    signature: null,
  }) as unknown as FastifyRequest;
interface Asked {
  route: string | undefined;
  headers: Record<string, string>;
  ip: string;
  method: string;
}
const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`ops:${password}`).toString('base64')}` });

const LIMIT = 3;
const config = loadConfig({
  DATABASE_URL: 'postgres://unused',
  REDIS_URL: 'redis://127.0.0.1:1',
  AUTH_FAILURES_PER_MINUTE: String(LIMIT),
});

describe('the door', () => {
  let redis: RedisClient;
  let metrics: Metrics;
  let keys: FewKeys;
  let door: Doorkeeper;
  /** Until when each nonce is remembered. */
  let spent: Map<string, number>;

  beforeEach(() => {
    setLogLevel('silent');
    redis = new RedisClient(config);
    metrics = new Metrics();
    keys = new FewKeys();
    spent = new Map();
    const spend = async (...[, , nonce, seconds]: [string, string, string, number]): Promise<boolean> => {
      if ((spent.get(nonce) ?? 0) > Date.now()) return false;
      spent.set(nonce, Date.now() + seconds * 1_000);
      return true;
    };
    const nonces = { spend } as unknown as RequestNonces;
    door = new Doorkeeper(config, metrics, keys, new FailureBrake(config, redis), nonces);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    redis.onApplicationShutdown();
    metrics.onApplicationShutdown();
  });

  const authenticate = (asked: FastifyRequest, metricsToken?: string) =>
    authenticateRequest(asked, { doorkeeper: () => door, metricsToken });
  const withKey = (key: string, ip?: string) =>
    authenticate(request('/api/v1/accounts', { headers: { 'x-api-key': key }, ...(ip && { ip }) }));
  const failures = async (): Promise<Record<string, number>> => {
    const counted = await metrics.registry.getSingleMetric('auth_failures_total')?.get();
    return Object.fromEntries((counted?.values ?? []).map(({ labels, value }) => [String(labels.reason), value]));
  };

  it('leaves the paths of the operations plugin to it when they are routed to it', async () => {
    const asked = request('/ops/queues/api/queues', { route: '/ops/queues/*' });
    await authenticate(asked);
    expect(asked.principal).toBeNull();
  });

  it.each([
    ['/ops/queues/../../api/v1/accounts', '/api/v1/accounts'],
    ['/ops/queues/x', ''],
    ['/ops/queuesx', '/ops/queues/*'],
    ['/api/v1/accounts', '/ops/queues/*'],
  ])('but only those: %s routed to %s needs a key', async (url, route) => {
    await expect(authenticate(request(url, { route }))).rejects.toMatchObject({ kind: 'unauthenticated' });
    expect(await failures()).toEqual({ missing: 1 });
  });

  it('lets a password in that is a key with the scope, and says who it is', async () => {
    const asked = request('/ops/queues', { headers: basic('trk_good') });
    expect(await authenticateBasic(asked, door, 'operator')).toBe(operator);
    expect(asked.principal).toBe(operator);
  });

  it.each([
    [{}, 'operator', 'unauthenticated'],
    [basic('trk_unknown'), 'operator', 'unauthenticated'],
    [{ authorization: 'Bearer trk_good' }, 'operator', 'unauthenticated'],
    [basic('trk_signing'), 'operator', 'invalid_signature'],
  ])('keeps out %j for %s', async (headers, scope, code) => {
    const asked = request('/ops/queues', { headers });
    await expect(authenticateBasic(asked, door, scope)).rejects.toMatchObject({ code });
    expect(asked.principal).toBeNull();
  });

  it('keeps out a password that is a key without the scope, and says who it was', async () => {
    const asked = request('/ops/queues', { headers: basic('trk_good') });
    await expect(authenticateBasic(asked, door, 'fraud:review')).rejects.toMatchObject({ code: 'forbidden' });
    expect(asked.principal).toBe(operator);
  });

  describe('for whoever guesses', () => {
    const guess = async (ip?: string) => {
      for (let n = 0; n < LIMIT; n++) {
        await expect(withKey(`trk_guess${n}`, ip)).rejects.toMatchObject({ code: 'unauthenticated' });
      }
    };
    const blocked = { kind: 'rate_limited', code: 'rate_limited' };

    it('stays shut for a while, without asking anybody', async () => {
      await guess();
      const { asked } = keys;
      await expect(withKey('trk_guess')).rejects.toMatchObject({ ...blocked, details: { retryAfterSeconds: 60 } });
      await expect(withKey('trk_good')).rejects.toMatchObject(blocked);
      expect(keys.asked).toBe(asked);
      expect(await failures()).toEqual({ wrong_secret: LIMIT, blocked: 2 });
    });

    it('stays open for others, and at the same address for those who were in before', async () => {
      await withKey('trk_good');
      await guess();
      await expect(withKey('trk_good')).resolves.toBeUndefined();
      await expect(withKey('trk_good2')).rejects.toMatchObject(blocked);
      await expect(withKey('trk_good2', '192.0.2.2')).resolves.toBeUndefined();
    });

    it('opens nothing from memory: a key that was good is asked about each time', async () => {
      await withKey('trk_good');
      keys.revoked.add('trk_good');
      await expect(withKey('trk_good')).rejects.toMatchObject({ code: 'unauthenticated' });
      expect(await failures()).toEqual({ revoked: 1 });
    });

    it('does not take a key that is revoked for a guess', async () => {
      keys.revoked.add('trk_good');
      for (let n = 0; n < 2 * LIMIT; n++) {
        await expect(withKey('trk_good')).rejects.toMatchObject({ code: 'unauthenticated' });
      }
    });

    it('takes a password and the token of the metrics for attempts like any other', async () => {
      const metricsWith = (token: string) =>
        authenticate(request('/metrics', { headers: { authorization: `Bearer ${token}` } }), 'right');
      await expect(metricsWith('right')).resolves.toBeUndefined();
      for (let n = 0; n < LIMIT; n++) {
        await expect(metricsWith(`wrong${n}`)).rejects.toMatchObject({ code: 'unauthenticated' });
      }
      await expect(metricsWith('wrong')).rejects.toMatchObject(blocked);
      await expect(metricsWith('right')).resolves.toBeUndefined();
      const asked = request('/ops/queues', { headers: basic('trk_good') });
      await expect(authenticateBasic(asked, door, 'operator')).rejects.toMatchObject(blocked);
    });
  });

  describe('for a key that signs', () => {
    const URL = '/api/v1/things?a=1';
    const BODY = Buffer.from('{"a":1}');
    const nowSeconds = () => Math.floor(Date.now() / 1_000);

    function signed({
      offset = 0,
      nonce = 'nonce-0123456789',
      ...changed
    }: Record<string, unknown> & {
      offset?: number;
      nonce?: string;
    } = {}): FastifyRequest {
      const timestamp = String(nowSeconds() + offset);
      const parts = { method: 'POST', target: URL, timestamp, nonce };
      const headers = {
        'x-api-key': 'trk_signing',
        'x-tranche-timestamp': timestamp,
        'x-tranche-nonce': nonce,
        'x-tranche-signature': signRequest(SECRET, parts, BODY),
        ...(changed as Record<string, string>),
      };
      return request(URL, { headers, method: 'POST' });
    }

    it('opens for the request that was signed, once', async () => {
      const once = async () => {
        const asked = signed();
        await authenticate(asked);
        proveBody(asked, BODY);
        await door.settle(asked);
      };
      await expect(once()).resolves.toBeUndefined();
      await expect(once()).rejects.toMatchObject({ kind: 'unauthenticated', code: 'replayed_request' });
    });

    it('remembers what it was opened for as long as a timestamp is good and a body may take', async () => {
      const start = Date.now();
      const clock = jest.spyOn(Date, 'now').mockReturnValue(start);
      const first = signed({ offset: config.REQUEST_SIGNATURE_TOLERANCE_SECONDS });
      const headers = { ...(first.headers as Record<string, string>) };
      await authenticate(first);
      proveBody(first, BODY);
      await door.settle(first);
      const replay = request(URL, { headers, method: 'POST' });
      const lastMoment = start + (2 * config.REQUEST_SIGNATURE_TOLERANCE_SECONDS - 1) * 1_000;
      clock.mockReturnValue(lastMoment);
      await authenticate(replay);
      clock.mockReturnValue(lastMoment + REQUEST_TIMEOUT_MS);
      proveBody(replay, BODY);
      await expect(door.settle(replay)).rejects.toMatchObject({ code: 'replayed_request' });
    });

    it.each([
      ['no timestamp', { 'x-tranche-timestamp': undefined }],
      ['a timestamp in milliseconds', { 'x-tranche-timestamp': '1795262400000' }],
      ['a stale timestamp', { offset: -302 }],
      ['a timestamp from the future', { offset: 302 }],
      ['no nonce', { 'x-tranche-nonce': undefined }],
      ['a short nonce', { nonce: 'fifteen-letters' }],
      ['a long nonce', { nonce: 'n'.repeat(65) }],
      ['no signature', { 'x-tranche-signature': undefined }],
      ['a signature of another form', { 'x-tranche-signature': 'v1=abc' }],
    ])('stays shut before the body is read: %s', async (_, changed) => {
      await expect(authenticate(signed(changed))).rejects.toMatchObject({ code: 'invalid_signature' });
    });

    it.each([
      ['a changed body', {}, Buffer.from('{"a":2}')],
      ['somebody else’s signature', { 'x-tranche-signature': `v1=${'0'.repeat(64)}` }, BODY],
      ['another nonce', { 'x-tranche-nonce': 'nonce-9876543210' }, BODY],
    ])('stays shut when the body is known: %s', async (_, changed, body) => {
      const asked = signed(changed);
      await authenticate(asked);
      expect(() => proveBody(asked, body)).toThrow(expect.objectContaining({ code: 'invalid_signature' }) as Error);
      expect(spent.size).toBe(0);
    });

    it('stays shut when a body was signed and none came', async () => {
      const asked = signed();
      await authenticate(asked);
      await expect(door.settle(asked)).rejects.toMatchObject({ code: 'invalid_signature' });
      expect(spent.size).toBe(0);
    });
  });
});
