import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '../../src/config/config.schema.js';
import { KEYS, startHttpApp } from '../support/http-app.js';

const reader = { authorization: `Bearer ${KEYS.reader}` };
const ORIGIN = 'https://app.example.com';
const PRODUCTION = { NODE_ENV: 'production', DATA_ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
const PREFLIGHT = { origin: ORIGIN, 'access-control-request-method': 'POST' };

let app: NestFastifyApplication;
afterEach(() => app.close());

const send = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'OPTIONS' | 'POST' = 'GET') =>
  app.inject({ method, url, headers });

const corsHeaders = (headers: object): string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'));

describe('security headers', () => {
  beforeEach(async () => {
    app = await startHttpApp();
  });

  it('are on every answer, however early it was given', async () => {
    for (const url of ['/docs', '/redoc', '/openapi.json', '/metrics', '/%zz', '/nowhere', '/api/v1/things']) {
      const { headers } = await send(url);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'SAMEORIGIN',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['content-security-policy']).toBe(
        "default-src 'self';base-uri 'self';font-src 'self' data:;form-action 'self';frame-ancestors 'self';" +
          "img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';" +
          "style-src 'self' 'unsafe-inline';worker-src 'self' blob:",
      );
      expect(headers).not.toHaveProperty('strict-transport-security');
    }
  });
});

describe('limits of a request', () => {
  beforeEach(async () => {
    app = await startHttpApp();
  });

  it('refuse more query parameters than any route has', async () => {
    const query = (count: number): string => Array.from({ length: count }, (_, i) => `p${i}=1`).join('&');
    expect((await send(`/api/v1/things?${query(51)}`, reader)).json()).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ pointer: '/query', code: 'too_many' }],
    });
    expect((await send(`/api/v1/things?${query(50)}`, reader)).json()).toMatchObject({ error_count: 50 });
  });

  it('refuse more headers than anybody needs', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1']));
    const answer = await send('/api/v1/things', { ...reader, ...many });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

describe('CORS', () => {
  it('is off by default: nothing is said of it, and a preflight is a request without a key', async () => {
    app = await startHttpApp();
    const preflight = await send('/api/v1/things', PREFLIGHT, 'OPTIONS');
    expect([preflight.statusCode, corsHeaders(preflight.headers)]).toEqual([401, []]);
    const answer = await send('/api/v1/things', { ...reader, origin: ORIGIN });
    expect([answer.statusCode, corsHeaders(answer.headers)]).toEqual([200, []]);
    expect((await send('/api/v1/things', { ...reader, ...PREFLIGHT }, 'OPTIONS')).statusCode).toBe(404);
  });

  it('lets the origins that are named ask, before they have a key, and never with credentials', async () => {
    app = await startHttpApp({ CORS_ORIGINS: `https://other.example.com, ${ORIGIN}` });
    const preflight = await send('/api/v1/things', PREFLIGHT, 'OPTIONS');
    expect([preflight.statusCode, preflight.body]).toEqual([204, '']);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'GET, HEAD, POST, PATCH, PUT, DELETE',
      'access-control-allow-headers': expect.stringContaining('Idempotency-Key'),
      vary: 'Origin',
    });
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials');
    for (const headers of [reader, {}]) {
      const answer = await send('/api/v1/things', { ...headers, origin: ORIGIN });
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-expose-headers': expect.stringContaining('RateLimit-Policy'),
      });
    }
  });

  it.each(['https://evil.example.com', `${ORIGIN}.evil.com`, `${ORIGIN}:8443`, 'http://app.example.com', 'null'])(
    'says nothing to the origin %s',
    async (origin) => {
      app = await startHttpApp({ CORS_ORIGINS: ORIGIN });
      const preflight = await send('/api/v1/things', { ...PREFLIGHT, origin }, 'OPTIONS');
      expect([preflight.statusCode, corsHeaders(preflight.headers)]).toEqual([401, []]);
      const answer = await send('/api/v1/things', { ...reader, origin });
      expect([answer.statusCode, corsHeaders(answer.headers)]).toEqual([200, []]);
    },
  );

  it('has no way around for OPTIONS that are no preflight', async () => {
    app = await startHttpApp({ CORS_ORIGINS: ORIGIN });
    expect((await send('/api/v1/things', { origin: ORIGIN }, 'OPTIONS')).statusCode).toBe(401);
    expect((await send('/api/v1/things', {}, 'OPTIONS')).statusCode).toBe(401);
  });
});

describe('REQUIRE_HTTPS', () => {
  const https = { 'x-forwarded-proto': 'https' };
  beforeEach(async () => {
    app = await startHttpApp({ REQUIRE_HTTPS: 'true', TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' });
  });

  it('refuses a call over plain HTTP before it looks at the key', async () => {
    for (const headers of [reader, {}, { authorization: 'Bearer trk_unknown' }]) {
      const answer = await send('/api/v1/things', headers);
      expect(answer.json()).toMatchObject({ status: 403, code: 'https_required' });
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
    }
    expect((await send('/docs', {}, 'POST')).json()).toMatchObject({ code: 'https_required' });
  });

  it('takes what the trusted proxy says came over HTTPS, and says so to browsers', async () => {
    const answer = await send('/api/v1/things', { ...reader, ...https });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    const refused = await send('/api/v1/things', https);
    expect([refused.statusCode, refused.headers['strict-transport-security']]).toEqual([401, 'max-age=31536000']);
  });

  it('does not take it from anybody else', async () => {
    const request = { method: 'GET', url: '/api/v1/things', headers: { ...reader, ...https } } as const;
    const from = async (remoteAddress: string) => (await app.inject({ ...request, remoteAddress })).statusCode;
    expect([await from('203.0.113.9'), await from('10.1.2.3')]).toEqual([403, 200]);
  });

  it('sends browsers that open the documentation to HTTPS', async () => {
    const answer = await send('/docs/errors?x=trk_secret', { host: 'pay.example.com:8080' });
    expect([answer.statusCode, answer.headers.location]).toEqual([308, 'https://pay.example.com/docs/errors']);
    const odd = await send('/docs', { host: 'pay.example.com/@evil.com' });
    expect(odd.json()).toMatchObject({ code: 'https_required' });
  });

  it('leaves scrapes alone', async () => {
    expect((await send('/metrics')).statusCode).toBe(200);
  });
});

describe('TRUST_PROXY', () => {
  const LIMIT = 3;
  const start = async (trusted: string): Promise<void> => {
    app = await startHttpApp({ TRUST_PROXY: trusted, AUTH_FAILURES_PER_MINUTE: String(LIMIT) });
  };
  /** A guess that names a new caller each time, in front of what the proxies add. */
  const guess = async (n: number, addedByProxies: string): Promise<number> => {
    const headers = { 'x-forwarded-for': `198.51.100.${n}, ${addedByProxies}`, 'x-api-key': 'trk_guess' };
    return (await send('/api/v1/things', headers)).statusCode;
  };
  const guesses = async (count: number, addedByProxies: string): Promise<number[]> => {
    const answers: number[] = [];
    for (let n = 1; n <= count; n++) answers.push(await guess(n, addedByProxies));
    return answers;
  };

  it('true believes what the nearest proxy says, and not what the caller told it', async () => {
    await start('true');
    expect(await guesses(LIMIT + 2, '203.0.113.9')).toEqual([401, 401, 401, 429, 429]);
    expect(await guess(1, '203.0.113.10')).toBe(401);
  });

  it('with addresses believes these proxies, each about who called it', async () => {
    await start('127.0.0.1, 203.0.113.0/24');
    expect(await guesses(LIMIT + 1, '192.0.2.7, 203.0.113.9')).toEqual([401, 401, 401, 429]);
    expect(await guess(1, '192.0.2.8, 203.0.113.9')).toBe(401);
  });

  it('false believes nobody', async () => {
    await start('false');
    expect(await guesses(LIMIT + 1, '203.0.113.9')).toEqual([401, 401, 401, 429]);
    expect(await guess(1, '203.0.113.10')).toBe(429);
  });
});

describe('the settings of the edge', () => {
  const problemsOf = (env: Record<string, string>): string => {
    try {
      loadConfig({ DATABASE_URL: 'postgres://x', REDIS_URL: 'redis://x', ...env });
      return '';
    } catch (error) {
      return String(error);
    }
  };
  beforeEach(async () => {
    app = await startHttpApp();
  });

  it.each<Record<string, string>>([
    { TRUST_PROXY: 'true' },
    { TRUST_PROXY: '10.0.0.1' },
    { TRUST_PROXY: '10.0.0.0/8,fd00::/8, loopback' },
    { CORS_ORIGINS: '' },
    { CORS_ORIGINS: 'http://localhost:5173' },
    { REQUIRE_HTTPS: 'true', TRUST_PROXY: '10.0.0.1' },
    { ADMIN_API_KEY: 'k'.repeat(8) },
    { ADMIN_API_KEY: 'k'.repeat(32), ...PRODUCTION },
    PRODUCTION,
    { OIDC_ISSUER: 'http://issuer', OIDC_AUDIENCE: 'a', OIDC_JWKS_URL: 'http://issuer/keys' },
    { OIDC_ISSUER: 'https://issuer', OIDC_AUDIENCE: 'a', OIDC_JWKS_URL: 'https://issuer/keys', ...PRODUCTION },
  ])('may be %j', (env) => {
    expect(problemsOf(env)).toBe('');
  });

  it.each<Record<string, string>>([
    { TRUST_PROXY: 'yes' },
    { TRUST_PROXY: '10.0.0.0/33' },
    { TRUST_PROXY: '10.0.0.1,' },
    { CORS_ORIGINS: '*' },
    { CORS_ORIGINS: 'https://app.example.com/' },
    { CORS_ORIGINS: 'null' },
    { CORS_ORIGINS: 'file:///x' },
    { REQUIRE_HTTPS: 'true' },
    { ADMIN_API_KEY: 'k'.repeat(7) },
    { ADMIN_API_KEY: 'k'.repeat(31), ...PRODUCTION },
    { OIDC_ISSUER: 'http://issuer', OIDC_AUDIENCE: 'a', ...PRODUCTION },
    { OIDC_JWKS_URL: 'http://issuer/keys', OIDC_ISSUER: 'https://issuer', OIDC_AUDIENCE: 'a', ...PRODUCTION },
  ])('may not be %j', (env) => {
    expect(problemsOf(env)).toContain(Object.keys(env)[0]);
  });
});
