import { newId } from '../../src/domain/ids.js';
import { createAccount, createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { type ApiAnswer, startTestApi, type TestApi } from '../support/test-api.js';

const IBAN = 'FR10474608000002006107XXXXX';

describe('accounts over HTTP', () => {
  let api: TestApi;
  let organizationId: string;
  let key: string;

  beforeAll(async () => {
    api = await startTestApi();
  });
  beforeEach(async () => {
    ({ id: organizationId } = await createOrganization(api.app));
    ({ secret: key } = await createApiKey(api.app, { organizationId }));
  });
  afterAll(() => api.close());

  const open = (body: object, headers?: Record<string, string>): Promise<ApiAnswer> =>
    api.call('/accounts', { method: 'POST', key, body, headers });
  const get = (path: string): Promise<ApiAnswer> => api.call(path, { key });
  const setStatus = (id: string, status: string): Promise<ApiAnswer> =>
    api.call(`/accounts/${id}`, { method: 'PATCH', key, body: { status } });

  it('are opened empty, with all decimals of their currency', async () => {
    const opened = await open({
      name: 'ACME Corp',
      currency: 'EUR',
      iban: 'fr10 4746 0800 0002 0061 07xx xxx',
      bic: 'OIVUSCLQXXX',
    });
    expect(opened.status).toBe(201);
    expect(opened.body).toEqual({
      id: expect.any(String),
      name: 'ACME Corp',
      iban: IBAN,
      bic: 'OIVUSCLQXXX',
      currency: 'EUR',
      status: 'active',
      balance: { posted: '0.00', reserved: '0.00', available: '0.00' },
      verified: false,
      created_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
    });
    const path = `/accounts/${String(opened.body.id)}`;
    expect(opened.headers.location).toBe(`/api/v1${path}`);
    await expect(get(path)).resolves.toMatchObject({ status: 200, body: opened.body });
    const yen = await open({ name: 'Yen', currency: 'JPY' });
    expect(yen.body).toMatchObject({ iban: null, bic: null, balance: { posted: '0', available: '0' } });
  });

  it('are opened once per idempotency key', async () => {
    const headers = { 'idempotency-key': newId() };
    const first = await open({ name: 'Once', currency: 'EUR' }, headers);
    const again = await open({ name: 'Once', currency: 'EUR' }, headers);
    expect(again.text).toBe(first.text);
    expect(again.headers['idempotent-replayed']).toBe('true');
    const { body } = await get('/accounts');
    expect(body.data).toHaveLength(1);
  });

  it.each([
    ['a name of control characters', { name: 'AC\u0007ME' }, '/name', 'pattern'],
    ['a name of nothing but spaces', { name: '   ' }, '/name', 'pattern'],
    ['a name that is too long', { name: 'A'.repeat(141) }, '/name', 'too_long'],
    ['a currency in lower case', { currency: 'eur' }, '/currency', 'pattern'],
    ['an IBAN that is too short', { iban: 'FR1047460800' }, '/iban', 'pattern'],
    ['an IBAN with hyphens', { iban: 'FR10-4746-0800-0002-0061' }, '/iban', 'pattern'],
    ['an IBAN with too many spaces', { iban: `FR10${' '.repeat(30)}474608000002` }, '/iban', 'too_long'],
    ['a BIC in lower case', { bic: 'oivusclqxxx' }, '/bic', 'pattern'],
    ['an unknown field', { overdraft: '100.00' }, '/overdraft', 'unknown_field'],
  ])('are not opened with %s', async (_, values, pointer, code) => {
    await expect(open({ name: 'ACME Corp', currency: 'EUR', ...values })).resolves.toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer, code }] },
    });
  });

  it('are not opened in a currency that does not exist', async () => {
    await expect(open({ name: 'ACME Corp', currency: 'XYZ' })).resolves.toMatchObject({
      status: 422,
      body: { code: 'validation_failed', errors: [{ pointer: '/currency', code: 'unknown_currency' }] },
    });
  });

  it('never share an IBAN within the organization', async () => {
    await open({ name: 'First', currency: 'EUR', iban: IBAN });
    const second = await open({ name: 'Second', currency: 'EUR', iban: IBAN });
    expect(second).toMatchObject({ status: 409, body: { code: 'iban_taken' } });
    expect(second.text).not.toContain(IBAN);
  });

  it('are listed newest first, page by page', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift((await createAccount(api.app, { organizationId })).id);
    const first = await get('/accounts?limit=2');
    expect(first.body).toMatchObject({ data: [{ id: ids[0] }, { id: ids[1] }], has_more: true });
    const last = await get(`/accounts?limit=2&cursor=${String(first.body.next_cursor)}`);
    expect(last.body).toMatchObject({ data: [{ id: ids[2] }], has_more: false, next_cursor: null });
    await expect(get('/accounts?cursor=made-up')).resolves.toMatchObject({ body: { code: 'invalid_cursor' } });
  });

  it('are frozen, thawed and closed for good', async () => {
    const { id } = await createAccount(api.app, { organizationId });
    for (const status of ['frozen', 'active', 'closed']) {
      await expect(setStatus(id, status)).resolves.toMatchObject({ status: 200, body: { id, status } });
    }
    await expect(setStatus(id, 'active')).resolves.toMatchObject({
      status: 409,
      body: { code: 'invalid_state', current_status: 'closed' },
    });
    await expect(setStatus(id, 'asleep')).resolves.toMatchObject({ status: 400, body: { errors: [{ code: 'enum' }] } });
  });

  it('that the platform froze, only the platform thaws or closes, also when their organization had frozen them', async () => {
    const asPlatform = (id: string, status: string): Promise<ApiAnswer> =>
      api.call(`/accounts/${id}`, {
        method: 'PATCH',
        key: api.adminKey,
        headers: { 'x-organization-id': organizationId },
        body: { status },
      });
    const [fresh, frozenBefore] = await Promise.all([1, 2].map(() => createAccount(api.app, { organizationId })));
    await setStatus(frozenBefore?.id ?? '', 'frozen');
    for (const { id } of [fresh, frozenBefore].filter((account) => account !== undefined)) {
      const frozen = { status: 200, body: { id, status: 'frozen' } };
      await expect(asPlatform(id, 'frozen')).resolves.toMatchObject(frozen);
      for (const status of ['active', 'closed']) {
        await expect(setStatus(id, status)).resolves.toMatchObject({
          status: 403,
          body: { code: 'stopped_by_platform' },
        });
      }
      // Asking for what is so changes nothing, not even whose decision it is.
      await expect(setStatus(id, 'frozen')).resolves.toMatchObject(frozen);
      await expect(setStatus(id, 'active')).resolves.toMatchObject({ status: 403 });
      await expect(asPlatform(id, 'active')).resolves.toMatchObject({ status: 200, body: { status: 'active' } });
      // The platform is out of it: what the organization froze since then, it thaws.
      for (const status of ['frozen', 'active', 'closed']) {
        await expect(setStatus(id, status)).resolves.toMatchObject({ status: 200, body: { id, status } });
      }
    }
    const log = await get(`/audit-log?resource_id=${frozenBefore?.id ?? ''}&action=account.status_changed`);
    const changes = (log.body.data as { actor: { kind: string }; before: object; after: object }[]).reverse();
    const byPlatform = { status: 'frozen', frozen_by_platform: true };
    expect(changes.slice(0, 3).map(({ actor, before, after }) => [actor.kind, before, after])).toEqual([
      ['key', { status: 'active' }, { status: 'frozen' }],
      ['admin', { status: 'frozen' }, byPlatform],
      ['admin', byPlatform, { status: 'active' }],
    ]);
  });

  it('are not closed with money on them', async () => {
    const { id } = await createFundedAccount(api.app, { organizationId });
    await expect(setStatus(id, 'closed')).resolves.toMatchObject({
      status: 409,
      body: { code: 'invalid_state', current_status: 'active' },
    });
  });

  it('are verified by an admin only, once on the platform', async () => {
    const verify = (id: string, organization: string): Promise<ApiAnswer> =>
      api.call(`/accounts/${id}/verify`, {
        method: 'POST',
        key: api.adminKey,
        headers: { 'x-organization-id': organization },
      });
    const iban = `ZZ${newId().replaceAll('-', '').toUpperCase()}`;
    const { id } = await createAccount(api.app, { organizationId, iban });
    await expect(api.call(`/accounts/${id}/verify`, { method: 'POST', key })).resolves.toMatchObject({ status: 403 });
    await expect(verify(id, organizationId)).resolves.toMatchObject({ status: 200, body: { id, verified: true } });
    const other = await createOrganization(api.app);
    await expect(verify(id, other.id)).resolves.toMatchObject({ status: 404 });
    const twin = await createAccount(api.app, { organizationId: other.id, iban });
    await expect(verify(twin.id, other.id)).resolves.toMatchObject({ status: 409, body: { code: 'iban_taken' } });
    const bare = await createAccount(api.app, { organizationId });
    await expect(verify(bare.id, organizationId)).resolves.toMatchObject({
      status: 422,
      body: { code: 'iban_missing' },
    });
  });

  it('tell their balance of now and of the past', async () => {
    const { id, createdAt } = await createFundedAccount(api.app, { organizationId, amount: '1500.50' });
    await expect(get(`/accounts/${id}/balance`)).resolves.toMatchObject({
      status: 200,
      body: {
        account_id: id,
        currency: 'EUR',
        at: expect.any(String),
        balance: { posted: '1500.50', reserved: '0.00', available: '1500.50' },
      },
    });
    const at = new Date(createdAt.getTime() - 1_000).toISOString();
    await expect(get(`/accounts/${id}/balance?at=${at}`)).resolves.toMatchObject({
      status: 200,
      body: { account_id: id, currency: 'EUR', at, balance: { posted: '0.00', reserved: null, available: null } },
    });
    await expect(get(`/accounts/${id}/balance?at=yesterday`)).resolves.toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/query/at', code: 'pattern' }] },
    });
    await expect(get(`/accounts/${id}/balance?at=2999-01-01T00:00:00.000Z`)).resolves.toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/query/at', code: 'in_the_future' }] },
    });
  });

  it('list what moved on them', async () => {
    const { id } = await createFundedAccount(api.app, { organizationId, amount: '1500.50' });
    const entries = await get(`/accounts/${id}/entries`);
    expect(entries).toMatchObject({ status: 200, body: { has_more: false, next_cursor: null } });
    expect(entries.body.data).toEqual([
      {
        id: expect.any(String),
        kind: 'bank_credit',
        direction: 'credit',
        amount: '1500.50',
        currency: 'EUR',
        counter_account_id: expect.any(String),
        transfer_id: null,
        reference: expect.any(String),
        created_at: expect.any(String),
      },
    ]);
  });

  describe('of another organization', () => {
    it.each([
      ['GET', ''],
      ['PATCH', ''],
      ['GET', '/balance'],
      ['GET', '/entries'],
    ] as const)('are not there: %s /accounts/:id%s', async (method, suffix) => {
      const other = await createOrganization(api.app);
      const { id } = await createAccount(api.app, { organizationId: other.id });
      const body = method === 'PATCH' ? { status: 'frozen' } : undefined;
      await expect(api.call(`/accounts/${id}${suffix}`, { method, key, body })).resolves.toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    });

    it('are not listed', async () => {
      const other = await createOrganization(api.app);
      await createAccount(api.app, { organizationId: other.id });
      await expect(get('/accounts')).resolves.toMatchObject({ body: { data: [] } });
    });
  });

  it.each([
    ['GET', '/accounts', 'accounts:write'],
    ['POST', '/accounts', 'accounts:read'],
    ['PATCH', `/accounts/${newId()}`, 'accounts:read'],
    ['GET', `/accounts/${newId()}/balance`, 'accounts:write'],
    ['GET', `/accounts/${newId()}/entries`, 'accounts:write'],
  ] as const)('need the right scope: %s %s with %s', async (method, path, scope) => {
    const { secret } = await createApiKey(api.app, { organizationId, scopes: [scope] });
    const body = method === 'GET' ? undefined : {};
    await expect(api.call(path, { method, key: secret, body })).resolves.toMatchObject({ status: 403 });
  });
});
