import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import { createAccount, createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { bulk, bulkOf, line, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { against, verdict } from '../support/verdict.js';

describe('what becomes of a bulk request that is not taken as it is', () => {
  let acme: Acme;
  beforeAll(async () => {
    // A line that is retried waits long enough to be cancelled first.
    acme = await startAcme({}, { workerEnv: { RETRY_BASE_MS: '600000' } });
  });
  afterAll(() => acme.close());

  const fund = async (amount: string, iban: string | null = null): Promise<string> =>
    (await createFundedAccount(acme.api.app, { organizationId: acme.organizationId, amount, iban })).id;
  const from = (debtor: string, ...credit_transfers: object[]): object => ({
    debtor_account_id: debtor,
    credit_transfers,
  });

  it('is refused whole when the account lacks a cent', async () => {
    const poor = await fund('3.00');
    const before = await acme.rowCounts();
    const answer = await acme.post('/bulk-requests', from(poor, line({ amount: '2.00' }), line({ amount: '1.01' })));
    expect(verdict(answer)).toEqual([422, 'insufficient_funds']);
    expect(await acme.rowCounts()).toEqual(before);
    expect(await acme.balance(poor)).toEqual({ posted: '3.00', reserved: '0.00', available: '3.00' });
    const dry = await acme.post('/bulk-requests?dry_run=true', from(poor, line({ amount: '3.01' })));
    expect(verdict(dry)).toEqual([422, 'insufficient_funds']);
    const { id } = await acme.submit(from(poor, line({ amount: '3.00' })));
    expect(await acme.ended(id)).toMatchObject({ status: 'completed' });
    expect(await acme.balance(poor)).toEqual({ posted: '0.00', reserved: '0.00', available: '0.00' });
  });

  it('is accepted once when many race for one balance', async () => {
    const account = await fund('10.00');
    const racing = lines(10).map((_, index) =>
      acme.post('/bulk-requests', { ...from(account, line({ amount: '10.00' })), ...unlike(`race ${index}`) }),
    );
    const answers = await Promise.all(racing);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(9).fill(422)]);
    const refused = answers.filter(({ status }) => status === 422);
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(['insufficient_funds']));
    const winner = answers.find(({ status }) => status === 202)?.body as unknown as BulkRequestDto;
    expect(await acme.ended(winner.id)).toMatchObject({ status: 'completed' });
    expect(await acme.balance(account)).toMatchObject({ posted: '0.00', reserved: '0.00' });
  });

  it.each(['frozen', 'closed'])('is refused when the account is %s', async (status) => {
    const { id } = await createAccount(acme.api.app, { organizationId: acme.organizationId });
    const patched = await acme.call(`/accounts/${id}`, { method: 'PATCH', body: { status } });
    expect(patched.status).toBe(200);
    const before = await acme.rowCounts();
    expect(verdict(await acme.post('/bulk-requests', from(id, line())))).toEqual([422, 'account_not_active']);
    expect(await acme.rowCounts()).toEqual(before);
  });

  it('is refused when the organization has no such debtor', async () => {
    const other = await createOrganization(acme.api.app);
    const theirs = { organizationId: other.id, iban: 'DE02120300000000202051', bic: 'BYLADEM1001' };
    const { id } = await createFundedAccount(acme.api.app, theirs);
    const before = await acme.rowCounts();
    for (const debtor of [
      { organization_iban: theirs.iban, organization_bic: theirs.bic },
      { organization_iban: 'FR1420041010050500013M02606' },
      { organization_bic: 'DEUTDEFFXXX' },
      { debtor_account_id: id },
      { debtor_account_id: acme.organizationId, organization_iban: undefined, organization_bic: undefined },
    ]) {
      expect(verdict(await acme.post('/bulk-requests', bulk(debtor)))).toEqual([422, 'debtor_not_found']);
    }
    expect(await acme.rowCounts()).toEqual(before);
  });

  it('is refused when it names another account twice over, by id and by IBAN', async () => {
    const answer = await acme.post('/bulk-requests', bulk({ debtor_account_id: await fund('5.00') }));
    expect(verdict(answer)).toEqual([422, 'debtor_not_found']);
  });

  it('is refused when it names another organization', async () => {
    const answer = await acme.post('/bulk-requests', bulk({ organization_name: 'Acme Corp' }));
    expect(verdict(answer)).toEqual([422, 'organization_mismatch']);
  });

  it.each<[string, object]>([
    ['requested_execution_date', { requested_execution_date: '2026-12-01' }],
    ['rail', { rail: 'iso20022' }],
  ])('is refused, not accepted and partly ignored, with %s', async (field, change) => {
    const before = await acme.rowCounts();
    const expected = [422, 'not_supported_yet', `/${field} not_supported_yet`];
    expect(verdict(await acme.post('/bulk-requests', bulk(change)))).toEqual(expected);
    expect(verdict(await acme.post('/bulk-requests?dry_run=true', bulk(change)))).toEqual(expected);
    expect(await acme.rowCounts()).toEqual(before);
  });

  it('is paid without its bad lines where that was asked for, and they are listed', async () => {
    const mixed = lines(5, (index) => (index % 2 === 1 ? { amount: '0.00', currency: 'USD' } : { amount: '2.00' }));
    const refusals = (index: number): object => ({
      line: index,
      errors: [
        { pointer: `/credit_transfers/${index}/currency`, code: 'currency_mismatch', detail: expect.any(String) },
        { pointer: `/credit_transfers/${index}/amount`, code: 'zero_amount', detail: expect.any(String) },
      ],
    });
    const accepted = await acme.submit(bulk({ validation: 'partial', credit_transfers: mixed }));
    const rejected = { rejected_count: 2, rejected_lines: [refusals(1), refusals(3)] };
    expect(accepted).toMatchObject({ transfer_count: 3, total_amount: '6.00', validation: 'partial', ...rejected });
    expect(await acme.ended(accepted.id)).toMatchObject({ status: 'completed', counts: { settled: 3 }, ...rejected });
    const { body } = await acme.call(`/bulk-requests/${accepted.id}/transfers`);
    expect((body.data as { line: number }[]).map((transfer) => transfer.line)).toEqual([0, 2, 4]);
  });

  it('lists the first hundred of its bad lines', async () => {
    const mixed = [...lines(120, () => ({ amount: '0' })), line()];
    const accepted = await acme.submit(bulk({ validation: 'partial', credit_transfers: mixed }));
    expect(accepted).toMatchObject({ transfer_count: 1, rejected_count: 120 });
    expect(accepted.rejected_lines.map((rejected) => rejected.line)).toEqual(lines(100).map((_, index) => index));
    const dry = await acme.post(
      '/bulk-requests?dry_run=true',
      bulk({ validation: 'partial', credit_transfers: mixed }),
    );
    expect(dry.body).toMatchObject({ status: 'valid', rejected_count: 120 });
    await acme.ended(accepted.id);
  });

  it('is refused when none of its lines is good', async () => {
    const answer = await acme.post(
      '/bulk-requests',
      bulk({ validation: 'partial', credit_transfers: [line({ amount: '0' })] }),
    );
    expect(verdict(answer)).toEqual(against('/credit_transfers/0/amount zero_amount'));
  });

  it('stops at the first failure where that was asked for, and releases what was not sent', async () => {
    const account = await fund('9.00');
    const descriptions = ['Salary', 'sandbox:reject:AC04', 'sandbox:retry:9'];
    const body = from(account, ...descriptions.map((description) => line({ description, amount: '3.00' })));
    const { id } = await acme.submit({ ...body, on_failure: 'stop' });
    expect(await acme.ended(id)).toMatchObject({
      status: 'partially_completed',
      counts: { pending: 0, settled: 1, failed: 1, cancelled: 1 },
      amounts: { settled: '3.00', failed: '3.00', cancelled: '3.00', open: '0.00' },
    });
    expect(await acme.balance(account)).toEqual({ posted: '6.00', reserved: '0.00', available: '6.00' });
  });

  it('needs its scope, and the organization of the key', async () => {
    const reader = await createApiKey(acme.api.app, {
      organizationId: acme.organizationId,
      scopes: ['bulk-requests:read', 'transfers:write'],
    });
    const call = (key: string, headers: Record<string, string>) =>
      acme.api.call('/bulk-requests', { method: 'POST', key, headers, body: bulkOf(line()) });
    expect(verdict(await call(reader.secret, {}))).toEqual([403, 'forbidden']);
    const other = await createOrganization(acme.api.app);
    expect(verdict(await call(acme.key, { 'x-organization-id': other.id }))).toEqual([404, 'not_found']);
    expect(verdict(await call(acme.api.adminKey, {}))).toEqual([
      400,
      'invalid_request',
      '/headers/x-organization-id required',
    ]);
    expect(verdict(await call(acme.api.adminKey, { 'x-organization-id': other.id }))).toEqual([
      422,
      'debtor_not_found',
    ]);
  });
});
