import { Webhook } from 'standardwebhooks';
import { newId, railReference } from '../../src/domain/ids.js';
import { startTestApi, type TestApi } from '../support/test-api.js';
import { ownerOf } from '../support/owner.js';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`;
const URL = '/api/v1/rails/http/events';

describe('callbacks of the bank', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi({ RAIL_HTTP_CALLBACK_SECRET: SECRET });
  });
  afterAll(() => api.close());

  const secondsAgo = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);

  function signed(body: string, { secret = SECRET, at = new Date(), id = 'msg_1' } = {}): Record<string, string> {
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
  }
  const post = (body: string, headers: Record<string, string> = signed(body), url = URL) =>
    api.app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json', ...headers }, payload: body });
  const event = (values: object = {}) =>
    JSON.stringify({ reference: railReference(newId()), status: 'settled', ...values });
  const kept = (reference: string) =>
    ownerOf(api.app).query(
      `SELECT rail, transfer_id, organization_id, source, status, reason_code, rail_id FROM rail_evidence WHERE reference = $1`,
      [reference],
    );
  const keptInAll = async (): Promise<unknown> =>
    (await ownerOf(api.app).query(`SELECT count(*)::int AS count FROM rail_evidence`))[0];

  it('are kept as evidence, without an API key', async () => {
    const transferId = newId();
    const reference = railReference(transferId);
    const response = await post(event({ reference, status: 'rejected', reason_code: 'AC04', rail_id: 'B-1' }));
    expect([response.statusCode, response.json()]).toEqual([
      202,
      { reference, received_at: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
    await expect(kept(reference)).resolves.toEqual([
      {
        rail: 'http',
        transfer_id: transferId,
        organization_id: null,
        source: 'callback',
        status: 'rejected',
        reason_code: 'AC04',
        rail_id: 'B-1',
      },
    ]);
  });

  it('sent again are answered alike, and kept once', async () => {
    const reference = railReference(newId());
    const body = event({ reference });
    const headers = signed(body);
    const answers = [
      await post(body, headers),
      await post(body, headers),
      await post(body, signed(body, { id: 'msg_2' })),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202]);
    await expect(kept(reference)).resolves.toHaveLength(1);
  });

  it('that contradict each other are both kept', async () => {
    const reference = railReference(newId());
    for (const status of ['settled', 'rejected']) await post(event({ reference, status }));
    await expect(kept(reference)).resolves.toMatchObject([{ status: 'settled' }, { status: 'rejected' }]);
  });

  it('may be about no transfer of ours', async () => {
    expect((await post(event({ reference: 'SOMEBODY-ELSE' }))).statusCode).toBe(202);
    await expect(kept('SOMEBODY-ELSE')).resolves.toMatchObject([{ transfer_id: null }]);
  });

  it('may leave out what they do not know', async () => {
    expect((await post(event({ status: 'returned', reason_code: null, rail_id: null }))).statusCode).toBe(202);
  });

  describe('are refused with 401', () => {
    const other = `whsec_${Buffer.from('another secret of 32 bytes, sure').toString('base64')}`;
    const body = event();
    const altered = event();
    const without = (name: string): Record<string, string> =>
      Object.fromEntries(Object.entries(signed(body)).filter(([header]) => header !== name));

    it.each<[string, () => Record<string, string>]>([
      ['unsigned', () => ({})],
      ['without an id', () => without('webhook-id')],
      ['without a time', () => without('webhook-timestamp')],
      ['without a signature', () => without('webhook-signature')],
      ['signed with another secret', () => signed(body, { secret: other })],
      ['signed over another body', () => signed(altered)],
      ['signed under another id', () => ({ ...signed(body), 'webhook-id': 'msg_2' })],
      ['older than five minutes', () => signed(body, { at: secondsAgo(330) })],
      ['from the future', () => signed(body, { at: secondsAgo(-330) })],
      ['with a time that is none', () => ({ ...signed(body), 'webhook-timestamp': 'now' })],
      ['with a signature of no version', () => ({ ...signed(body), 'webhook-signature': 'v1' })],
    ])('%s', async (_, headersOf) => {
      const before = await keptInAll();
      const response = await post(body, headersOf());
      expect(response.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
      await expect(keptInAll()).resolves.toEqual(before);
    });

    it('before anybody looks at what they say', async () => {
      const bodies = ['', '{', '{"reference":1}', '\u0000'];
      const statuses = await Promise.all(bodies.map(async (text) => (await post(text, {})).statusCode));
      expect(statuses).toEqual([401, 401, 401, 401]);
    });

    it('and an API key is no substitute', async () => {
      const response = await post(body, { authorization: `Bearer ${api.adminKey}` });
      expect(response.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
    });
  });

  it('are taken when one of several signatures is right, as while secrets are changed', async () => {
    const body = event();
    const headers = signed(body);
    const signatures = `v1,AAAA v1a,BBBB ${headers['webhook-signature']}`;
    expect((await post(body, { ...headers, 'webhook-signature': signatures })).statusCode).toBe(202);
  });

  it.each<[string, object | string, string[]]>([
    ['nothing', '{}', ['/reference required', '/status required']],
    ['another status', { status: 'accepted' }, ['/status enum']],
    ['a reference that is no text', { reference: 17 }, ['/reference type']],
    ['an empty reference', { reference: '' }, ['/reference too_short']],
    ['a reference that is too long', { reference: 'x'.repeat(36) }, ['/reference too_long']],
    ['a control character', { reference: 'a\u0000' }, ['/reference pattern']],
    ['a reason that is no code', { reason_code: 'account closed' }, ['/reason_code pattern']],
    ['a rail_id that is too long', { rail_id: 'x'.repeat(256) }, ['/rail_id too_long']],
    ['a field nobody knows', { amount: '1.00' }, ['/amount unknown_field']],
  ])('that are signed, but say %s, are refused with 400 and pointers', async (_, values, refusals) => {
    const response = await post(typeof values === 'string' ? values : event(values));
    const problem = response.json<{ errors: { pointer: string; code: string }[] }>();
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(problem.errors.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(refusals);
  });

  it.each(['{', '[1,', '{"status":"settled","status":"rejected"}'])(
    'that are signed but no JSON (%s) are refused',
    async (body) => {
      expect((await post(body)).json()).toMatchObject({ status: 400, code: 'invalid_json' });
    },
  );

  it('are small', async () => {
    const response = await post(event({ rail_id: 'x'.repeat(20_000) }));
    expect(response.json()).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it('come to their literal path only', async () => {
    const body = event();
    for (const url of [`${URL}/`, '/api/v1/rails/http/%65vents', '/api/v1/rails/HTTP/events']) {
      expect((await post(body, signed(body), url)).statusCode).toBe(401);
    }
  });

  it('are documented without a key, with their headers', async () => {
    const document = (await api.app.inject({ method: 'GET', url: '/openapi.json' })).json<{
      paths: Record<string, { post: { security: object[]; parameters: { name: string; in: string }[] } }>;
    }>();
    const operation = document.paths[URL]?.post;
    expect(operation?.security).toEqual([]);
    expect(operation?.parameters.map((parameter) => `${parameter.in} ${parameter.name}`).sort()).toEqual([
      'header webhook-id',
      'header webhook-signature',
      'header webhook-timestamp',
    ]);
  });
});

describe('callbacks without a secret', () => {
  it('are refused, however they are signed', async () => {
    const api = await startTestApi({ RAIL_HTTP_CALLBACK_SECRET: '' });
    try {
      const body = JSON.stringify({ reference: railReference(newId()), status: 'settled' });
      const at = new Date();
      const headers = {
        'content-type': 'application/json',
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(SECRET).sign('msg_1', at, body),
      };
      const response = await api.app.inject({ method: 'POST', url: URL, headers, payload: body });
      expect(response.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
    } finally {
      await api.close();
    }
  });
});
