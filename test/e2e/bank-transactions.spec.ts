import { newId } from '../../src/domain/ids.js';
import { createAccount, createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { type ApiAnswer, startTestApi, type TestApi } from '../support/test-api.js';

describe('bank transactions over HTTP', () => {
  let api: TestApi;
  let organizationId: string;
  let accountId: string;
  let key: string;

  beforeAll(async () => {
    api = await startTestApi();
  });
  beforeEach(async () => {
    ({ id: organizationId } = await createOrganization(api.app));
    ({ secret: key } = await createApiKey(api.app, { organizationId }));
    ({ id: accountId } = await createFundedAccount(api.app, { organizationId, amount: '100.00' }));
  });
  afterAll(() => api.close());

  const move = (values: object = {}, headers?: Record<string, string>): Promise<ApiAnswer> => {
    const body = { dst_account_id: accountId, amount: '25.00', direction: 'credit', reason: 'Top up', ...values };
    return api.call('/bank-transactions', { method: 'POST', key, body, headers });
  };
  const postedOf = async (id: string): Promise<unknown> => {
    const { body } = await api.call(`/accounts/${id}`, { key });
    return (body.balance as { posted: string }).posted;
  };

  it('put money on an account and take it off again', async () => {
    const credit = await move();
    expect(credit.status).toBe(201);
    expect(credit.body).toEqual({
      transaction_id: expect.any(String),
      transaction_timestamp: expect.any(String),
      dst_account_id: accountId,
      amount: '25.00',
      currency: 'EUR',
      direction: 'credit',
      status: 'success',
      reason: 'Top up',
    });
    await expect(postedOf(accountId)).resolves.toBe('125.00');
    await expect(move({ direction: 'debit', amount: 120.5, reason: '' })).resolves.toMatchObject({
      status: 201,
      body: { direction: 'debit', amount: '120.50', status: 'success', reason: '' },
    });
    await expect(postedOf(accountId)).resolves.toBe('4.50');
  });

  it('record a lack of funds as failed', async () => {
    const failed = await move({ direction: 'debit', amount: '100.01' });
    expect(failed).toMatchObject({
      status: 201,
      body: { status: 'fail', failure_reason: 'Insufficient funds', amount: '100.01' },
    });
    await expect(postedOf(accountId)).resolves.toBe('100.00');
  });

  it('happen once per idempotency key, failed ones too', async () => {
    for (const values of [{}, { direction: 'debit', amount: '999.00' }]) {
      const headers = { 'idempotency-key': newId() };
      const first = await move(values, headers);
      const again = await move(values, headers);
      expect(again.text).toBe(first.text);
      expect(again.headers['idempotent-replayed']).toBe('true');
      await expect(move({ ...values, reason: 'other' }, headers)).resolves.toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused' },
      });
    }
    await expect(postedOf(accountId)).resolves.toBe('125.00');
  });

  it('are read and listed, newest first', async () => {
    const first = await move();
    const second = await move({ direction: 'debit', amount: '999.00' });
    const path = String(first.headers.location).replace('/api/v1', '');
    await expect(api.call(path, { key })).resolves.toMatchObject({ status: 200, body: first.body });
    const page = await api.call('/bank-transactions?limit=2', { key });
    expect(page.body).toMatchObject({ data: [second.body, first.body], has_more: true });
  });

  it.each([
    ['an amount with an exponent', { amount: '1e3' }, '/amount', 'pattern'],
    ['a negative amount', { amount: -5 }, '/amount', 'pattern'],
    ['an amount that is no amount', { amount: true }, '/amount', 'type'],
    ['a direction that leads nowhere', { direction: 'sideways' }, '/direction', 'enum'],
    ['a reason that is too long', { reason: 'x'.repeat(141) }, '/reason', 'too_long'],
    ['a reason with control characters', { reason: 'a\tb' }, '/reason', 'pattern'],
    ['an account id that is none', { dst_account_id: 'mine' }, '/dst_account_id', 'pattern'],
    ['an unknown field', { currency: 'EUR' }, '/currency', 'unknown_field'],
  ])('are refused with %s', async (_, values, pointer, code) => {
    await expect(move(values)).resolves.toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer, code }] },
    });
    await expect(postedOf(accountId)).resolves.toBe('100.00');
  });

  it.each([
    ['zero_amount', '0.00'],
    ['zero_amount', 0],
    ['too_many_decimals', '0.001'],
  ])('are refused by the rule %s: %p', async (code, amount) => {
    await expect(move({ amount })).resolves.toMatchObject({
      status: 422,
      body: { code: 'validation_failed', errors: [{ pointer: '/amount', code }] },
    });
  });

  it('are refused on an account that is not active', async () => {
    await api.call(`/accounts/${accountId}`, { method: 'PATCH', key, body: { status: 'frozen' } });
    await expect(move()).resolves.toMatchObject({ status: 422, body: { code: 'account_not_active' } });
  });

  it('reach no account of another organization', async () => {
    const other = await createOrganization(api.app);
    const { id } = await createAccount(api.app, { organizationId: other.id });
    await expect(move({ dst_account_id: id })).resolves.toMatchObject({ status: 404, body: { code: 'not_found' } });
    await expect(move({ dst_account_id: newId() })).resolves.toMatchObject({ status: 404 });
    const { secret } = await createApiKey(api.app, { organizationId: other.id });
    const { body } = await move();
    const path = `/bank-transactions/${String(body.transaction_id)}`;
    await expect(api.call(path, { key: secret })).resolves.toMatchObject({ status: 404 });
    await expect(api.call('/bank-transactions', { key: secret })).resolves.toMatchObject({ body: { data: [] } });
  });

  it.each([
    ['GET', '/bank-transactions', 'bank-transactions:write'],
    ['GET', `/bank-transactions/${newId()}`, 'bank-transactions:write'],
    ['POST', '/bank-transactions', 'bank-transactions:read'],
    ['POST', '/bank-transactions', 'accounts:write'],
  ] as const)('need the right scope: %s %s with %s', async (method, path, scope) => {
    const { secret } = await createApiKey(api.app, { organizationId, scopes: [scope] });
    const body = method === 'GET' ? undefined : {};
    await expect(api.call(path, { method, key: secret, body })).resolves.toMatchObject({ status: 403 });
  });
});
