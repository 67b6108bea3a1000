import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulkOf, line, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import type { ApiAnswer, ApiCall } from '../support/test-api.js';
import { verdict } from '../support/verdict.js';
import { type ReceiverAnswer, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const ENV = { WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true', WEBHOOK_MAX_ENDPOINTS: '10', OUTBOUND_TIMEOUT_MS: '5000' };
const WORKER_ENV = { ...ENV, WEBHOOK_RETRY_SECONDS: '0.05', WEBHOOK_LEASE_MS: '10000' };

describe('webhooks over HTTP', () => {
  let acme: Acme;
  let receiver: WebhookReceiver;
  const answers = new Map<string, ReceiverAnswer>();

  beforeAll(async () => {
    receiver = await startWebhookReceiver(({ path }) => answers.get(path) ?? { status: 204 });
    acme = await startAcme(ENV, { workerEnv: WORKER_ENV });
  });
  afterAll(async () => {
    await acme.close();
    await receiver.close();
  });

  const call = async (method: NonNullable<ApiCall['method']>, path: string, body?: object): Promise<ApiAnswer> =>
    acme.call(path, { method, ...(body && { body }) });
  const create = async (body: object): Promise<{ id: string; secret: string }> => {
    const answer = await acme.post('/webhook-endpoints', body);
    expect(answer.status).toBe(201);
    return answer.body as { id: string; secret: string };
  };
  const open = (): Promise<ApiAnswer> => acme.post('/accounts', { name: 'Reserve', currency: 'EUR' });

  it('tells the callback URL of a bulk request how it goes, verifiable with the default secret', async () => {
    const rotated = await call('POST', '/webhook-endpoints/default-secret/rotate', { overlap_seconds: 0 });
    const { secret } = rotated.body as { secret: string };
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const bulk = { ...bulkOf(...lines(3)), callback_url: `${receiver.url}/payroll` };
    const { id } = await acme.submit(bulk);
    await acme.submit({ ...bulkOf(...lines(2)), ...unlike('without a callback') });
    const last = await eventually(
      () => receiver.at('/payroll').find(({ body }) => body.type === 'bulk_request.completed'),
      { what: 'the callback URL to be told that it is completed' },
    );
    expect(last.verify(secret)).toMatchObject({
      id: last.id,
      type: 'bulk_request.completed',
      organization_id: acme.organizationId,
      data: { bulk_request_id: id, status: 'completed', counts: { settled: 3 } },
    });
    const told = receiver.at('/payroll').map(({ body }) => body);
    expect(told.map(({ type }) => type).sort()).toEqual(['bulk_request.accepted', 'bulk_request.completed']);
    expect(new Set(told.map(({ data }) => data.bulk_request_id))).toEqual(new Set([id]));
    const [{ body: one }, { body: all }] = [
      await call('GET', `/webhook-endpoints?bulk_request_id=${id}`),
      await call('GET', '/webhook-endpoints'),
    ];
    expect(one.data).toMatchObject([{ url: `${receiver.url}/payroll`, bulk_request_id: id, status: 'enabled' }]);
    expect(all.data).toEqual([]);
    const callback = `/webhook-endpoints/${(one.data as { id: string }[])[0]?.id}`;
    const filtered = await call('PATCH', callback, { types: ['*'], line_events: false });
    expect(verdict(filtered).slice(0, 2)).toEqual([422, 'validation_failed']);
    expect(filtered.body.errors).toMatchObject([
      { pointer: '/types', code: 'not_for_this_kind' },
      { pointer: '/line_events', code: 'not_for_this_kind' },
    ]);
    expect((await call('PATCH', callback, { description: 'payroll' })).status).toBe(200);
    const { body: state } = await call('GET', '/webhook-endpoints/default-secret');
    expect(state).toEqual({ created_at: expect.any(String), previous_expires_at: null });
  });

  it.each(['ftp://acme.test/', 'https://user:password@acme.test/', 'https://acme.test/#here', 'not a URL'])(
    'refuses a URL that is never called: %s',
    async (url) => {
      const endpoint = await acme.post('/webhook-endpoints', { url });
      expect(verdict(endpoint).slice(0, 2)).toEqual([422, 'url_not_allowed']);
      expect(endpoint.body.errors).toMatchObject([{ pointer: '/url' }]);
      const { bulk_requests: before } = await acme.rowCounts();
      for (const path of ['/bulk-requests', '/bulk-requests?dry_run=true']) {
        const bulk = await acme.post(path, { ...bulkOf(line()), callback_url: url });
        expect(verdict(bulk).slice(0, 2)).toEqual([422, 'url_not_allowed']);
        expect(bulk.body.errors).toMatchObject([{ pointer: '/callback_url' }]);
      }
      expect((await acme.rowCounts()).bulk_requests).toBe(before);
    },
  );

  it('creates, shows, changes and deletes endpoints, and shows a secret once', async () => {
    const url = `${receiver.url}/crud`;
    const key = { 'idempotency-key': 'crud' };
    const body = { url, description: 'ERP', types: ['account.*'], ordered: true };
    const created = await acme.post('/webhook-endpoints', body, key);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ ...body, line_events: true, max_concurrency: 5, status: 'enabled' });
    expect(created.body.secret).toMatch(/^whsec_/);
    const id = created.body.id as string;
    expect(created.headers.location).toBe(`/api/v1/webhook-endpoints/${id}`);
    const replay = await acme.post('/webhook-endpoints', body, key);
    expect(replay.body).toEqual({ ...created.body, secret: null });
    const { body: shown } = await call('GET', `/webhook-endpoints/${id}`);
    expect({ ...shown, secret: null }).toEqual(replay.body);
    expect(shown).not.toHaveProperty('secret');
    const changed = await call('PATCH', `/webhook-endpoints/${id}`, { status: 'disabled', max_concurrency: 2 });
    expect(changed.body).toMatchObject({ status: 'disabled', disabled_reason: 'asked', max_concurrency: 2, url });
    await open();
    expect((await call('PATCH', `/webhook-endpoints/${id}`, { status: 'enabled' })).body).toMatchObject({
      status: 'enabled',
      disabled_reason: null,
    });
    const account = await open();
    await eventually(() => receiver.at('/crud').length > 0, { what: 'it to be told' });
    expect(receiver.at('/crud').map(({ body: { data } }) => data.account_id)).toEqual([account.body.id]);
    expect((await call('DELETE', `/webhook-endpoints/${id}`)).status).toBe(204);
    expect(verdict(await call('GET', `/webhook-endpoints/${id}`))).toEqual([404, 'not_found']);
    const { body: deliveries } = await call('GET', `/webhook-deliveries?endpoint_id=${id}`);
    expect(deliveries.data).toMatchObject([{ event_type: 'account.opened', webhook_endpoint_id: id }]);
    const { body: log } = await call('GET', `/audit-log?resource_id=${id}`);
    expect((log.data as { action: string }[]).map(({ action }) => action)).toEqual([
      'webhook_endpoint.deleted',
      'webhook_endpoint.updated',
      'webhook_endpoint.updated',
      'webhook_endpoint.created',
    ]);
  });

  it('says at once what a receiver makes of a test message', async () => {
    const { id, secret } = await create({ url: `${receiver.url}/test`, types: ['bulk_request.*'] });
    const good = await call('POST', `/webhook-endpoints/${id}/test`);
    expect(good.body).toMatchObject({ delivered: true, status_code: 204, failure: null });
    const [message] = receiver.at('/test');
    expect(message?.verify(secret)).toMatchObject({ id: good.body.message_id, type: 'webhook.test' });
    answers.set('/test', { status: 302, headers: { location: `${receiver.url}/elsewhere` } });
    const soon = await call('POST', `/webhook-endpoints/${id}/test`);
    expect(verdict(soon).slice(0, 2)).toEqual([429, 'rate_limited']);
    expect(Number(soon.headers['retry-after'])).toBeGreaterThan(0);
    expect(receiver.at('/test')).toHaveLength(1);
    const test = { url: `${receiver.url}/test`, types: ['bulk_request.*'] };
    const bad = await call('POST', `/webhook-endpoints/${(await create(test)).id}/test`);
    expect(bad.body).toMatchObject({ delivered: false, status_code: 302, failure: null });
    expect(receiver.at('/elsewhere')).toEqual([]);
    const { id: moved } = await create(test);
    await call('PATCH', `/webhook-endpoints/${moved}`, { url: 'http://127.0.0.1:9/' });
    const nobody = await call('POST', `/webhook-endpoints/${moved}/test`);
    expect(nobody.body).toMatchObject({ delivered: false, status_code: null, failure: 'connection_failed' });
  });

  it('shows deliveries with their attempts, and sends them again', async () => {
    answers.set('/again', { status: 500 });
    const { id } = await create({ url: `${receiver.url}/again`, types: ['account.opened'] });
    await open();
    const failed = await eventually(
      async () => {
        const { body } = await call('GET', `/webhook-deliveries?endpoint_id=${id}&status=failed`);
        return (body.data as { id: string; event_id: string }[])[0];
      },
      { what: 'the delivery to be given up' },
    );
    const { body: detail } = await call('GET', `/webhook-deliveries/${failed.id}`);
    expect(detail).toMatchObject({
      ...{ status: 'failed', attempts_made: 2, last_status_code: 500, next_attempt_at: null },
      attempts: [
        { number: 1, status_code: 500, failure: null, manual: false, duration_ms: expect.any(Number) },
        { number: 2, status_code: 500 },
      ],
    });
    answers.delete('/again');
    expect((await acme.post(`/webhook-deliveries/${failed.id}/resend`, {})).status).toBe(202);
    await eventually(async () => (await call('GET', `/webhook-deliveries/${failed.id}`)).body.status === 'succeeded', {
      what: 'it to succeed',
    });
    const range = { endpoint_id: id, from_sequence: 1, status: 'any' };
    const answer = await acme.post('/webhook-deliveries/resend', range);
    expect([answer.status, answer.body]).toEqual([202, { resent: 1, has_more: false, next_sequence: null }]);
    await eventually(() => receiver.at('/again').length === 4, { what: 'it to come again' });
    expect(new Set(receiver.at('/again').map((message) => message.id))).toEqual(new Set([failed.event_id]));
    await call('PATCH', `/webhook-endpoints/${id}`, { status: 'disabled' });
    expect(verdict(await acme.post('/webhook-deliveries/resend', range))).toEqual([409, 'invalid_state']);
  });

  it('keeps organizations apart, holds keys to their scopes, and has a limit', async () => {
    const { id } = await create({ url: `${receiver.url}/mine` });
    const { id: organizationId } = await createOrganization(acme.api.app);
    const { secret: other } = await createApiKey(acme.api.app, { organizationId });
    for (const [method, path] of [
      ['GET', `/webhook-endpoints/${id}`],
      ['DELETE', `/webhook-endpoints/${id}`],
      ['POST', `/webhook-endpoints/${id}/test`],
      ['POST', `/webhook-endpoints/${id}/rotate-secret`],
    ] as const) {
      expect(verdict(await acme.api.call(path, { method, key: other }))).toEqual([404, 'not_found']);
    }
    const scopes = ['webhooks:read'] as const;
    const { secret: reader } = await createApiKey(acme.api.app, { organizationId: acme.organizationId, scopes });
    const { body: listed } = await acme.api.call('/webhook-endpoints', { key: reader });
    expect((listed.data as { url: string }[]).map(({ url }) => url)).toContain(receiver.url);
    expect(JSON.stringify(listed)).not.toContain('/mine');
    expect((await acme.api.call(`/webhook-endpoints/${id}`, { key: reader })).body).toMatchObject({
      url: receiver.url,
    });
    expect((await call('GET', `/webhook-endpoints/${id}`)).body).toMatchObject({ url: `${receiver.url}/mine` });
    const refused = await acme.api.call(`/webhook-endpoints/${id}`, { method: 'DELETE', key: reader });
    expect(verdict(refused)).toEqual([403, 'forbidden']);
    const many = Array.from({ length: 10 }, (__, index) =>
      acme.api.call('/webhook-endpoints', { method: 'POST', key: other, body: { url: `${receiver.url}/${index}` } }),
    );
    expect((await Promise.all(many)).map(({ status }) => status)).toEqual(Array(10).fill(201));
    const tooMany = { method: 'POST', key: other, body: { url: receiver.url } } as const;
    expect(verdict(await acme.api.call('/webhook-endpoints', tooMany))).toEqual([422, 'limit_exceeded']);
  });

  it.each([
    ['a filter that there is not', { types: ['transfers'] }, 'enum'],
    ['deliveries as events', { types: ['webhook_delivery.failed'] }, 'enum'],
    ['no filter', { types: [] }, 'too_few'],
    ['too many at a time', { max_concurrency: 51 }, 'range'],
    ['what there is not', { secret: 'whsec_x' }, 'unknown_field'],
  ])('refuses %s', async (_, change, code) => {
    const answer = await acme.post('/webhook-endpoints', { url: receiver.url, ...change });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect((answer.body.errors as { code: string }[])[0]?.code).toBe(code);
  });
});
