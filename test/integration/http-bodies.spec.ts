import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KEYS, ORGANIZATION, startHttpApp } from '../support/http-app.js';

interface ProblemBody {
  status: number;
  code: string;
  request_id: string;
  errors: { pointer: string; code: string; detail: string }[];
  error_count: number;
}

const writer = { authorization: `Bearer ${KEYS.writer}` };
const reader = { authorization: `Bearer ${KEYS.reader}` };
const line = { name: 'a', amount: '1' };
const thing = { title: 'payroll', lines: [line] };

let app: NestFastifyApplication;

beforeAll(async () => {
  app = await startHttpApp({ BODY_LIMIT_BYTES: '65536' });
});
afterAll(() => app.close());

const post = (
  payload: string | Buffer | object | undefined,
  headers: Record<string, string> = {},
  url = '/api/v1/things',
) =>
  app.inject({
    method: 'POST',
    url,
    headers: { ...writer, ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(payload !== undefined && { payload }),
  });

/** The refused fields as `pointer code`. */
async function refusals(body: object | string): Promise<string[]> {
  const response = await post(body);
  expect(response.json()).toMatchObject({ status: 400, code: 'invalid_request' });
  return response.json<ProblemBody>().errors.map(({ pointer, code }) => `${pointer} ${code}`);
}

describe('media types', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'])(
    'accepts %s',
    async (type) => {
      expect((await post(thing, { 'content-type': type })).statusCode).toBe(201);
    },
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/problem+json',
    'application/jsonp',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-16',
    'nonsense',
  ])('answers 415 to %s', async (type) => {
    const response = await post(JSON.stringify(thing), { 'content-type': type });
    expect(response.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  it('answers 415 to a body without a type, and to a compressed one', async () => {
    const untyped = await app.inject({
      method: 'POST',
      url: '/api/v1/things',
      headers: writer,
      payload: Buffer.from('{}'),
    });
    expect(untyped.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect((await post(JSON.stringify(thing), { 'content-encoding': 'gzip' })).statusCode).toBe(415);
  });

  it('asks for no type where there is no body', async () => {
    const response = await app.inject({ method: 'POST', url: '/api/v1/things/stored', headers: writer });
    expect(response.statusCode).toBe(202);
  });
});

describe('JSON bodies', () => {
  it.each([
    ['broken JSON', '{"title":'],
    ['a duplicate key', '{"title":"a","title":"b","lines":[]}'],
    ['a prototype key', '{"__proto__":{},"title":"a","lines":[]}'],
    ['more than 20 levels', '['.repeat(21) + ']'.repeat(21)],
    ['a byte order mark', '\ufeff{}'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('with %s are 400 invalid_json', async (_, body) => {
    expect((await post(body)).json()).toMatchObject({ status: 400, code: 'invalid_json' });
  });

  it('over the limit are 413, announced or not', async () => {
    const response = await post(JSON.stringify({ title: 'x'.repeat(65_536) }));
    expect(response.json()).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it('that are missing or empty are required', async () => {
    const headers = { ...writer, 'content-type': 'application/json' };
    for (const options of [{ headers: writer }, { headers, payload: '' }]) {
      const response = await app.inject({ method: 'POST', url: '/api/v1/things', ...options });
      expect(response.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '', code: 'required' }] });
    }
  });
});

describe('bodies against their schema', () => {
  it.each<[string, object, string[]]>([
    ['a missing field', { lines: [line] }, ['/title required']],
    ['a type', { ...thing, title: 5 }, ['/title type']],
    ['null', { ...thing, title: null }, ['/title type']],
    ['a length', { ...thing, title: 'x'.repeat(11) }, ['/title too_long']],
    ['an empty text', { ...thing, title: '' }, ['/title too_short']],
    ['an unknown field', { ...thing, titel: 'x' }, ['/titel unknown_field']],
    ['a field of every object', { ...thing, toString: 'x' }, ['/toString unknown_field']],
    ['a word that is none of the choices', { ...thing, priority: 'urgent' }, ['/priority enum']],
    ['an empty list', { ...thing, lines: [] }, ['/lines too_few']],
    ['a list that is too long', { ...thing, lines: Array.from({ length: 201 }, () => ({})) }, ['/lines too_many']],
    ['a list that is none', { ...thing, lines: {} }, ['/lines type']],
    ['a pattern in a line', { ...thing, lines: [line, { ...line, amount: '1e3' }] }, ['/lines/1/amount pattern']],
    ['a line that is none', { ...thing, lines: [line, 'x'] }, ['/lines/1 type']],
    ['an unknown field in a line', { ...thing, lines: [{ ...line, 'a/b~c': 1 }] }, ['/lines/0/a~1b~0c unknown_field']],
    ['a map with too much in it', { ...thing, metadata: { a: '', b: '', c: '' } }, ['/metadata too_many']],
    ['a value of a map', { ...thing, metadata: { a: 'long' } }, ['/metadata/a too_long']],
    ['a format', { ...thing, request_id: 'urn:uuid:0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' }, ['/request_id pattern']],
    ['an array', [thing], [' type']],
  ])('name the field and the rule: %s', async (_, body, expected) => {
    expect(await refusals(body)).toEqual(expected);
  });

  it('may have null where the schema says so', async () => {
    expect((await post({ ...thing, request_id: null })).statusCode).toBe(201);
  });

  it('report all errors at once, the body’s first and then line by line', async () => {
    const lines = [line, { name: 'B', extra: 1 }, { amount: 'x', name: 'toolong' }];
    expect(await refusals({ zzz: 1, title: '', lines })).toEqual([
      '/title too_short',
      '/zzz unknown_field',
      '/lines/1/amount required',
      '/lines/1/extra unknown_field',
      '/lines/1/name pattern',
      '/lines/2/amount pattern',
      '/lines/2/name too_long',
    ]);
  });

  it('list the first hundred errors and tell how many there were', async () => {
    const response = await post({ title: 'a', lines: Array.from({ length: 150 }, () => ({ name: 'B', amount: 'x' })) });
    const { errors, error_count: count } = response.json<ProblemBody>();
    expect(errors).toHaveLength(100);
    expect(count).toBe(300);
    expect(errors.map(({ pointer }) => pointer)).toEqual(
      Array.from({ length: 50 }, (_, i) => [`/lines/${i}/amount`, `/lines/${i}/name`]).flat(),
    );
  });

  it('never repeat the value, and cut a field name that is longer than any', async () => {
    const response = await post({ ...thing, title: 'DE89370400440532013000', ['k'.repeat(5_000)]: 1 });
    expect(response.body).not.toContain('DE89');
    expect(response.body.length).toBeLessThan(1_500);
  });
});

describe('queries against their schema', () => {
  const list = (query: string) => app.inject({ method: 'GET', url: `/api/v1/things${query}`, headers: reader });

  it('read numbers and booleans and fill in what was left out', async () => {
    expect((await list('')).json()).toEqual({ limit: 50, dry_run: false });
    expect((await list('?limit=7&dry_run=true&cursor=abc')).json()).toEqual({ limit: 7, dry_run: true, cursor: 'abc' });
  });

  it.each([
    ['?limit=0', '/query/limit range'],
    ['?limit=101', '/query/limit range'],
    ['?limit=ten', '/query/limit type'],
    ['?limit=1e1', '/query/limit type'],
    ['?limit=%205', '/query/limit type'],
    ['?limit=1.5', '/query/limit type'],
    ['?limit=', '/query/limit type'],
    ['?limit=1&limit=2', '/query/limit type'],
    ['?dry_run=yes', '/query/dry_run type'],
    ['?cursor=', '/query/cursor too_short'],
    ['?limti=5', '/query/limti unknown_field'],
    ['?__proto__=5', '/query/__proto__ unknown_field'],
  ])('refuse %s', async (query, expected) => {
    const response = await list(query);
    expect(response.json()).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(response.json<ProblemBody>().errors.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([expected]);
  });
});

describe('ids and idempotency keys', () => {
  it('takes a UUID from the path in either case', async () => {
    const response = await app.inject({ url: `/api/v1/things/by-id/${ORGANIZATION.toUpperCase()}`, headers: reader });
    expect(response.json()).toEqual({ id: ORGANIZATION });
  });

  it.each(['1', 'undefined', `${ORGANIZATION}0`, 'x'.repeat(3_000), "1'--"])(
    'answers 400 invalid_id to %s',
    async (id) => {
      const response = await app.inject({ url: `/api/v1/things/by-id/${encodeURIComponent(id)}`, headers: reader });
      expect(response.json()).toMatchObject({ status: 400, code: 'invalid_id' });
    },
  );

  it.each(['', ' ', 'a b', 'ü', 'x'.repeat(256), '""', 'a\tb'])('refuses %j as an idempotency key', async (key) => {
    const response = await post({}, { 'idempotency-key': key }, '/api/v1/things/stored');
    expect(response.json()).toMatchObject({ status: 400, code: 'invalid_idempotency_key' });
  });
});

describe('stored replies', () => {
  it('answer with their status and Location', async () => {
    const response = await app.inject({ method: 'POST', url: '/api/v1/things/stored', headers: writer });
    expect(response.statusCode).toBe(202);
    expect(response.headers).toMatchObject({
      location: '/api/v1/things/1',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(response.headers['idempotent-replayed']).toBeUndefined();
  });

  it('are replayed byte for byte, and say so', async () => {
    const response = await post({}, { 'idempotency-key': '"abc"' }, '/api/v1/things/stored');
    expect(response.body).toBe('{"id": 1 }');
    expect(response.headers['idempotent-replayed']).toBe('true');
  });

  it('replay a stored refusal as the problem it was', async () => {
    const response = await post({}, { 'idempotency-key': 'refused' }, '/api/v1/things/stored');
    expect(response.statusCode).toBe(422);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.body).toBe('{"code":"insufficient_funds",  "status":422}');
  });
});

describe('problems', () => {
  const fail = (kind: string) =>
    app.inject({ url: `/api/v1/failures/${kind}`, headers: { ...reader, 'x-request-id': 'req-1' } });

  it('carry type, title, status, detail, instance, code, request id and what the refusal adds', async () => {
    const response = await fail('conflict');
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.json()).toEqual({
      type: '/docs/errors#invalid_state',
      title: 'Not possible in the current state',
      status: 409,
      detail: 'It is closed.',
      instance: '/api/v1/failures/conflict',
      code: 'invalid_state',
      request_id: 'req-1',
      current_status: 'closed',
    });
  });

  it('say when to come back', async () => {
    const response = await fail('busy');
    expect(response.statusCode).toBe(429);
    expect(response.headers['retry-after']).toBe('7');
  });

  it.each(['invariant', 'bug'])('of our own (%s) tell nothing but the request id', async (kind) => {
    const response = await fail(kind);
    expect(response.json()).toMatchObject({ status: 500, code: 'internal_error', request_id: 'req-1' });
    expect(response.body).not.toMatch(/DE89|12\.34|undefined|TypeError/);
  });

  it('call an unreachable database temporary', async () => {
    const response = await fail('outage');
    expect(response.json()).toMatchObject({ status: 503, code: 'unavailable' });
    expect(response.headers['retry-after']).toBe('1');
  });

  it('answer a wrong method like a wrong path', async () => {
    const response = await app.inject({ method: 'DELETE', url: '/api/v1/things', headers: reader });
    expect(response.json()).toMatchObject({ status: 404, code: 'not_found' });
  });
});
