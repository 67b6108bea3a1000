import { newId } from '../../src/domain/ids.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { type ApiAnswer, startTestApi, type TestApi } from '../support/test-api.js';

describe('organizations over HTTP', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const asAdmin = (path: string, body?: object, headers?: Record<string, string>): Promise<ApiAnswer> =>
    api.call(path, { key: api.adminKey, headers, ...(body && { method: 'POST', body }) });
  const ACCOUNTS = '/accounts';

  it('are created, read and listed by an admin', async () => {
    const slug = `acme-${newId()}`;
    const created = await asAdmin('/organizations', { name: 'ACME Corp', slug });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ id: expect.any(String), name: 'ACME Corp', slug, created_at: expect.any(String) });
    expect(created.headers.location).toBe(`/api/v1/organizations/${String(created.body.id)}`);
    await expect(asAdmin(`/organizations/${String(created.body.id)}`)).resolves.toMatchObject({
      status: 200,
      body: created.body,
    });
    await expect(asAdmin('/organizations?limit=1')).resolves.toMatchObject({
      status: 200,
      body: { data: [created.body], has_more: expect.any(Boolean) },
    });
  });

  it('are created once per idempotency key', async () => {
    const body = { name: 'Once', slug: `once-${newId()}` };
    const headers = { 'idempotency-key': newId() };
    const first = await asAdmin('/organizations', body, headers);
    const again = await asAdmin('/organizations', body, headers);
    expect(again.text).toBe(first.text);
    expect(again.headers['idempotent-replayed']).toBe('true');
    await expect(asAdmin('/organizations', { ...body, name: 'Twice' }, headers)).resolves.toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    await expect(asAdmin('/organizations', body)).resolves.toMatchObject({ status: 409, body: { code: 'slug_taken' } });
  });

  it('are told every field that is wrong, at once', async () => {
    const refused = await asAdmin('/organizations', { name: '', slug: 'No Slug', plan: 'gold' });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    const errors = refused.body.errors as { pointer: string; code: string }[];
    expect(new Set(errors.map(({ pointer }) => pointer))).toEqual(new Set(['/name', '/slug', '/plan']));
  });

  it.each([
    ['GET', '/organizations'],
    ['POST', '/organizations'],
    ['GET', `/organizations/${newId()}`],
    ['POST', `/organizations/${newId()}/api-keys`],
  ] as const)('are the business of no other key: %s %s', async (method, path) => {
    const { id: organizationId } = await createOrganization(api.app);
    const { secret } = await createApiKey(api.app, { organizationId });
    await expect(
      api.call(path, { method, key: secret, body: method === 'POST' ? {} : undefined }),
    ).resolves.toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });

  describe('their API keys', () => {
    let keys: string;

    beforeEach(async () => {
      const { id } = await createOrganization(api.app);
      keys = `/organizations/${id}/api-keys`;
    });

    it('show their secret once, and open what their scopes say', async () => {
      const created = await asAdmin(keys, { name: 'reader', scopes: ['accounts:read', 'accounts:read'] });
      expect(created).toMatchObject({
        status: 201,
        body: { name: 'reader', scopes: ['accounts:read'], status: 'active', expires_at: null, revoked_at: null },
      });
      const secret = String(created.body.secret);
      expect(secret.startsWith(`${String(created.body.prefix)}_`)).toBe(true);
      await expect(api.call(ACCOUNTS, { key: secret })).resolves.toMatchObject({ status: 200 });
      await expect(api.call(ACCOUNTS, { headers: { 'x-api-key': secret } })).resolves.toMatchObject({ status: 200 });
      await expect(api.call(ACCOUNTS, { method: 'POST', key: secret, body: {} })).resolves.toMatchObject({
        status: 403,
      });
      for (const read of [await asAdmin(`${keys}/${String(created.body.id)}`), await asAdmin(keys)]) {
        expect(read.status).toBe(200);
        expect(read.text).toContain(String(created.body.id));
        expect(read.text).not.toContain(secret.split('_')[2]);
      }
    });

    it('do not show their secret in a replay', async () => {
      const headers = { 'idempotency-key': newId() };
      const body = { name: 'once', scopes: ['operator'] };
      const first = await asAdmin(keys, body, headers);
      const again = await asAdmin(keys, body, headers);
      expect(again).toMatchObject({ status: 201, body: { id: first.body.id, secret: null } });
      expect(again.headers['idempotent-replayed']).toBe('true');
    });

    it('open nothing from the answer that revokes them on', async () => {
      const { body } = await asAdmin(keys, { name: 'short-lived', scopes: ['accounts:read'] });
      const one = `${keys}/${String(body.id)}`;
      const call = (): Promise<ApiAnswer> => api.call(ACCOUNTS, { key: String(body.secret) });
      await expect(call()).resolves.toMatchObject({ status: 200 });
      await expect(api.call(one, { method: 'DELETE', key: api.adminKey })).resolves.toMatchObject({
        status: 204,
        text: '',
      });
      await expect(call()).resolves.toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      await expect(asAdmin(one)).resolves.toMatchObject({
        body: { status: 'revoked', revoked_at: expect.any(String) },
      });
    });

    it('are rotated: the new one opens, the old one does not', async () => {
      const old = await asAdmin(keys, { name: 'rotating', scopes: ['accounts:read'] });
      const rotate = `${keys}/${String(old.body.id)}/rotate`;
      const fresh = await api.call(rotate, { method: 'POST', key: api.adminKey });
      expect(fresh).toMatchObject({ status: 201, body: { name: 'rotating', scopes: ['accounts:read'] } });
      await expect(api.call(ACCOUNTS, { key: String(fresh.body.secret) })).resolves.toMatchObject({ status: 200 });
      await expect(api.call(ACCOUNTS, { key: String(old.body.secret) })).resolves.toMatchObject({ status: 401 });
      await expect(api.call(rotate, { method: 'POST', key: api.adminKey })).resolves.toMatchObject({
        status: 409,
        body: { code: 'invalid_state', current_status: 'revoked' },
      });
    });

    it.each([
      ['the scope of the platform', { scopes: ['admin'] }, '/scopes/0', 'enum'],
      ['an unknown scope', { scopes: ['accounts:read', 'accounts:fly'] }, '/scopes/1', 'enum'],
      ['no scope at all', { scopes: [] }, '/scopes', 'too_few'],
      ['an expiry that is no instant', { scopes: ['operator'], expires_at: 'tomorrow' }, '/expires_at', 'pattern'],
    ])('are not granted %s', async (_, values, pointer, code) => {
      await expect(asAdmin(keys, { name: 'key', ...values })).resolves.toMatchObject({
        status: 400,
        body: { code: 'invalid_request', errors: [{ pointer, code }] },
      });
    });

    it('are not granted an expiry in the past', async () => {
      const body = { name: 'key', scopes: ['operator'], expires_at: '2020-01-01T00:00:00.000Z' };
      await expect(asAdmin(keys, body)).resolves.toMatchObject({
        status: 422,
        body: { code: 'validation_failed', errors: [{ pointer: '/expires_at', code: 'in_the_past' }] },
      });
    });

    it('belong to an organization that exists', async () => {
      const unknown = `/organizations/${newId()}/api-keys`;
      await expect(asAdmin(unknown)).resolves.toMatchObject({ status: 404 });
      await expect(asAdmin(unknown, { name: 'key', scopes: ['operator'] })).resolves.toMatchObject({ status: 404 });
      await expect(asAdmin(`${keys}/${newId()}`)).resolves.toMatchObject({ status: 404 });
    });
  });

  it('are named by an admin on their own routes', async () => {
    const { id } = await createOrganization(api.app);
    const named = (organization: string) => asAdmin(ACCOUNTS, undefined, { 'x-organization-id': organization });
    await expect(named(id)).resolves.toMatchObject({ status: 200, body: { data: [] } });
    await expect(named(newId())).resolves.toMatchObject({ status: 404 });
    await expect(asAdmin(ACCOUNTS)).resolves.toMatchObject({ status: 400 });
  });
});
