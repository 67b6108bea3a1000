import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { requestLogger } from '../../src/platform/http/request-log.js';
import { setLogLevel } from '../../src/platform/logging/index.js';
import { KEYS, ORGANIZATION, OTHER_ORGANIZATION, startHttpApp } from '../support/http-app.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const as = (key: string, headers: Record<string, string> = {}) => ({ authorization: `Bearer ${key}`, ...headers });
const UNKNOWN_ID = '0198f2c1-7f3a-7c31-8b0e-000000000000';

let app: NestFastifyApplication;

beforeAll(async () => {
  app = await startHttpApp();
});
afterAll(() => app.close());

const get = (url: string, headers: Record<string, string | string[]> = {}) =>
  app.inject({ method: 'GET', url, headers: headers as Record<string, string> });

/** Sends bytes as they are: clients normalize paths, attackers do not. */
async function rawRequest(...pieces: string[]): Promise<string> {
  const server = app.getHttpServer();
  if (!server.listening) await app.listen(0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    let answer = '';
    const sendNext = () => {
      const piece = pieces.shift() ?? '';
      if (pieces.length > 0) socket.write(piece);
      else socket.end(piece);
    };
    const socket = connect(port, '127.0.0.1', sendNext);
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (pieces.length > 0) sendNext();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('authentication', () => {
  it.each([
    ['no key', {}],
    ['an unknown key', as('trk_unknown')],
    ['a scheme that is not Bearer', { authorization: `Basic ${KEYS.reader}` }],
    ['a bare key', { authorization: KEYS.reader }],
    ['an empty Bearer', { authorization: 'Bearer ' }],
    ['two different keys', as(KEYS.reader, { 'x-api-key': KEYS.writer })],
    ['an endless key', as('x'.repeat(5_000))],
  ])('answers 401 to %s, and says how to authenticate', async (_, headers) => {
    const response = await get('/api/v1/things', headers);
    expect(response.statusCode).toBe(401);
    expect(response.headers).toMatchObject({
      'www-authenticate': expect.stringMatching(/^Bearer/),
      'x-content-type-options': 'nosniff',
    });
    expect(response.json()).toMatchObject({ status: 401, code: 'unauthenticated', instance: '/api/v1/things' });
  });

  it.each([as(KEYS.reader), { authorization: `bearer  ${KEYS.reader}` }, { 'x-api-key': KEYS.reader }])(
    'accepts the key as %j',
    async (headers) => {
      expect((await get('/api/v1/things', headers)).statusCode).toBe(200);
    },
  );

  it.each([
    '/api/v1/things?api_key=trk_reader',
    '/api/v1/things?KEY=x',
    '/api/v1/things?token=x',
    '/api/v1/things?limit=5&access_token=x',
    '/api/v1/things?cursor=trk_reader',
    '/api/v1/things?cursor=%74rk_reader',
    '/docs?trk_reader',
  ])('refuses a key in the query string, also beside a good one: %s', async (url) => {
    const response = await get(url, as(KEYS.reader));
    expect(response.statusCode).toBe(401);
    expect(response.body).not.toContain('trk_reader');
  });

  it('comes before routing: what a stranger asks for may exist or not', async () => {
    for (const url of ['/nowhere', '/api/v1/nowhere', '/', '/api/v1/things/undecorated']) {
      expect((await get(url)).statusCode).toBe(401);
    }
    expect((await get('/api/v1/nowhere', as(KEYS.reader))).json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('comes before the body: a stranger cannot make the service parse one', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/things',
      headers: { 'content-type': 'text/csv' },
      payload: 'x',
    });
    expect(response.statusCode).toBe(401);
  });

  it.each([
    '//docs',
    '/docs/../api/v1/things',
    '/docs/..%2fapi/v1/things',
    '/docs/%2e%2e/api/v1/things',
    '/docs/..;/api/v1/things',
    '/%64ocs',
    '/DOCS',
    '/docs#/../api/v1/things',
    '/health/',
    '/health/../api/v1/things',
    '/metrics/x',
    '/ops/queues/../../api/v1/things',
    '/ops/queues',
    'http://x/docs',
  ])('is not talked out of by a path that only resembles a public one: %s', async (url) => {
    const answer = await rawRequest(`GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer.toLowerCase()).toContain('x-request-id: ');
  });

  it.each(['/docs', '/openapi.json', '/redoc', '/metrics', '/docs/swagger-ui.css'])(
    'lets anybody read %s',
    async (url) => {
      expect((await get(url)).statusCode).toBe(200);
    },
  );
});

describe('broken HTTP', () => {
  it.each(['/%zz', '/api/v1/things/%', '/docs/%ff'])('is a 400 problem: %s', async (url) => {
    const response = await get(url);
    expect([400, 401]).toContain(response.statusCode);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.headers['x-request-id']).toBe(response.json<{ request_id: string }>().request_id);
  });

  it('is a problem document even where there is no request yet', async () => {
    const answer = await rawRequest('NONSENSE\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(answer).toContain('"code":"invalid_request"');
  });
});

describe('scopes', () => {
  it('need every scope a handler names, and writing does not imply reading', async () => {
    expect((await get('/api/v1/things', as(KEYS.writer))).json()).toMatchObject({ status: 403, code: 'forbidden' });
    const approve = await app.inject({ method: 'POST', url: '/api/v1/things/approve', headers: as(KEYS.writer) });
    expect(approve.statusCode).toBe(403);
    expect(approve.json<{ detail: string }>().detail).toContain('things:read');
  });

  it('are all implied by admin', async () => {
    const response = await app.inject({ method: 'POST', url: '/api/v1/things/approve', headers: as(KEYS.admin) });
    expect(response.statusCode).toBe(201);
  });

  it('keep everybody, admins too, from a handler that names none', async () => {
    expect((await get('/api/v1/things/undecorated', as(KEYS.admin))).statusCode).toBe(403);
  });

  it('keep the platform to the platform', async () => {
    expect((await get('/api/v1/things/platform', as(KEYS.reader))).statusCode).toBe(403);
    expect((await get('/api/v1/things/platform', as(KEYS.admin))).statusCode).toBe(200);
  });
});

describe('the organization of a request', () => {
  const organization = async (headers: Record<string, string>) => get('/api/v1/things/context', headers);

  it('is the key’s own, and naming it changes nothing', async () => {
    const named = { 'x-organization-id': ORGANIZATION.toUpperCase() };
    expect((await organization(as(KEYS.reader))).json()).toMatchObject({ organization_id: ORGANIZATION });
    expect((await organization(as(KEYS.reader, named))).json()).toMatchObject({ organization_id: ORGANIZATION });
  });

  it('of somebody else does not exist for a key', async () => {
    const response = await organization(as(KEYS.reader, { 'x-organization-id': OTHER_ORGANIZATION }));
    expect(response.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('is what the admin names, in either case', async () => {
    const response = await organization(as(KEYS.admin, { 'x-organization-id': OTHER_ORGANIZATION.toUpperCase() }));
    expect(response.json()).toMatchObject({ organization_id: OTHER_ORGANIZATION });
  });

  it('must be named by the admin, be a UUID, and exist', async () => {
    expect((await organization(as(KEYS.admin))).json()).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ pointer: '/headers/x-organization-id', code: 'required' }],
    });
    const named = (id: string) => organization(as(KEYS.admin, { 'x-organization-id': id }));
    expect((await named('acme')).json()).toMatchObject({ status: 400, code: 'invalid_id' });
    expect((await named(UNKNOWN_ID)).json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('is settled before the body is looked at', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/things',
      headers: as(KEYS.writer, { 'x-organization-id': OTHER_ORGANIZATION }),
      payload: { wrong: true },
    });
    expect(response.statusCode).toBe(404);
  });
});

describe('the request id', () => {
  it('of the caller is echoed and reaches handlers, with and without a body', async () => {
    const headers = as(KEYS.reader, { 'x-request-id': 'Payroll_2026-11.a' });
    const response = await get('/api/v1/things/context', headers);
    expect(response.headers['x-request-id']).toBe('Payroll_2026-11.a');
    expect(response.json()).toMatchObject({ request_id: 'Payroll_2026-11.a', key_id: 'key-reader' });
    const posted = await app.inject({
      method: 'POST',
      url: '/api/v1/things',
      headers: as(KEYS.writer, { 'x-request-id': 'with-body' }),
      payload: { title: 'a', lines: [{ name: 'a', amount: '1' }] },
    });
    expect(posted.json()).toMatchObject({ request_id: 'with-body' });
  });

  it('reaches handlers behind a body that came over a socket in pieces, on a connection used before', async () => {
    const body = JSON.stringify({ title: 'a', lines: [{ name: 'a', amount: '1' }] });
    const head = (id: string) =>
      `POST /api/v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEYS.writer}\r\nX-Request-Id: ${id}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const answer = await rawRequest(`${head('first')}${body}${head('second')}${body.slice(0, 9)}`, body.slice(9));
    expect(answer.match(/"request_id":"\w+"/g)).toEqual(['"request_id":"first"', '"request_id":"second"']);
  });

  it('is one of ours when the caller has none, or one that does not belong in a log', async () => {
    for (const presented of [undefined, '', 'a b', 'x'.repeat(129), 'ünicode', '{"a":1}']) {
      const response = await get('/api/v1/things/context', {
        ...as(KEYS.reader),
        ...(presented !== undefined && { 'x-request-id': presented }),
      });
      expect(response.headers['x-request-id']).toMatch(UUID_V7);
      expect(response.json()).toMatchObject({ request_id: response.headers['x-request-id'] });
    }
  });

  it('is on every answer, errors and assets included', async () => {
    for (const url of ['/nowhere', '/docs', '/docs/nothing-here.js', '/openapi.json', '/api/v1/failures/bug']) {
      expect((await get(url, as(KEYS.reader, { 'x-request-id': 'abc' }))).headers['x-request-id']).toBe('abc');
    }
  });

  it('does not leak from one request into another that runs at the same time', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `id-${i}`);
    const seen = await Promise.all(
      ids.map(async (id) => {
        const response = await get('/api/v1/things/context', as(KEYS.reader, { 'x-request-id': id }));
        return response.json<{ request_id: string }>().request_id;
      }),
    );
    expect(seen).toEqual(ids);
  });
});

describe('the request log', () => {
  beforeEach(() => setLogLevel('info'));
  afterEach(() => {
    setLogLevel('silent');
    jest.restoreAllMocks();
  });

  it('has one line for a request: route, path, status, duration, who and under which id', async () => {
    const info = jest.spyOn(requestLogger, 'info').mockImplementation(() => undefined);
    await get(`/api/v1/things/by-id/${ORGANIZATION}?x=1`, as(KEYS.reader, { 'x-request-id': 'logged' }));
    expect(info.mock.calls).toEqual([
      [
        {
          event: 'http_request',
          method: 'GET',
          route: '/api/v1/things/by-id/:id',
          path: `/api/v1/things/by-id/${ORGANIZATION}`,
          status: 200,
          duration_ms: expect.any(Number),
          request_id: 'logged',
          organization_id: ORGANIZATION,
          key_id: 'key-reader',
        },
      ],
    ]);
  });

  it('warns of refusals with their code, and never repeats an IBAN from the path or the query', async () => {
    const warn = jest.spyOn(requestLogger, 'warn').mockImplementation(() => undefined);
    await get('/api/v1/things/by-id/DE89370400440532013000?iban=DE89370400440532013000', as(KEYS.reader));
    expect(warn.mock.calls).toEqual([[expect.objectContaining({ status: 400, code: 'invalid_id' })]]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('DE89');
  });
});
