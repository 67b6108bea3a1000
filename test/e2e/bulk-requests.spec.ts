import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import type { TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { createFundedAccount } from '../factories/organizations.js';
import { bulk, bulkOf, line, unlike } from '../factories/submissions.js';
import { ACME_BIC, ACME_IBAN, type Acme, startAcme } from '../support/acme.js';
import { ownerOf } from '../support/owner.js';

/** As the contract shows it; one organization uses a `request_id` once. */
const example = (requestId: string): object => ({
  request_id: requestId,
  organization_bic: ACME_BIC,
  organization_iban: ACME_IBAN,
  credit_transfers: [
    {
      amount: '100.00',
      currency: 'EUR',
      counterparty_name: 'John Doe',
      counterparty_bic: 'DEUTDEFFXXX',
      counterparty_iban: 'DE89370400440532013000',
      description: 'Salary payment for June 2024',
    },
  ],
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NO_LINE = { submitting: 0, submitted: 0, in_doubt: 0, manual_review: 0, failed: 0, cancelled: 0, returned: 0 };

describe('a bulk request', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme();
  });
  afterAll(() => acme.close());

  const transfersOf = async (id: string, path = '/bulk-requests'): Promise<TransferDto[]> =>
    (await acme.call(`${path}/${id}/transfers`)).body.data as TransferDto[];
  const cents = (amount: string): bigint => BigInt(amount.replace('.', ''));

  const ALIKE = /^suspected_duplicate: \/credit_transfers\/0 looks like the transfer /;

  it.each([
    ['/bulk-requests', '123e4567-e89b-12d3-a456-426614174000', []],
    // The same salary again is paid, and told.
    ['/transfers/bulk', '223e4567-e89b-12d3-a456-426614174000', [expect.stringMatching(ALIKE)]],
  ])('is accepted at %s as the contract shows it, and paid', async (path, requestId, warnings) => {
    const before = await acme.balance();
    const answer = await acme.post(path, example(requestId));

    expect(answer.status).toBe(202);
    const accepted = answer.body as unknown as BulkRequestDto;
    const self = `/api/v1/bulk-requests/${accepted.id}`;
    expect(answer.headers.location).toBe(self);
    expect(answer.headers).not.toHaveProperty('idempotent-replayed');
    expect(accepted).toEqual({
      id: expect.stringMatching(UUID),
      request_id: requestId,
      status: 'processing',
      debtor_account_id: acme.accountId,
      currency: 'EUR',
      total_amount: '100.00',
      transfer_count: 1,
      counts: { ...NO_LINE, pending: 1, settled: 0 },
      amounts: { settled: '0.00', failed: '0.00', cancelled: '0.00', returned: '0.00', open: '100.00' },
      rejected_count: 0,
      rejected_lines: [],
      warnings,
      on_failure: 'continue',
      validation: 'all_or_nothing',
      priority: 'normal',
      rail: 'sandbox',
      requested_execution_date: null,
      metadata: {},
      origin: null,
      created_at: expect.stringMatching(INSTANT),
      completed_at: null,
      links: { self, status: `${self}/status`, transfers: `${self}/transfers`, approval: `${self}/approval` },
    });

    const ended = await acme.ended(accepted.id);
    expect(ended).toEqual({
      ...accepted,
      status: 'completed',
      counts: { ...NO_LINE, pending: 0, settled: 1 },
      amounts: { ...accepted.amounts, settled: '100.00', open: '0.00' },
      completed_at: expect.stringMatching(INSTANT),
    });
    for (const at of ['/bulk-requests', '/transfers/bulk']) {
      expect((await acme.call(`${at}/${accepted.id}`)).body).toEqual(ended);
      expect((await acme.call(`${at}/${accepted.id}/status`)).body).toEqual({
        id: accepted.id,
        status: 'completed',
        transfer_count: 1,
        counts: ended.counts,
        percent: 100,
        eta_seconds: 0,
      });
      expect(await transfersOf(accepted.id, at)).toEqual([
        {
          id: expect.stringMatching(UUID),
          bulk_request_id: accepted.id,
          line: 0,
          client_transfer_id: null,
          rail: 'sandbox',
          rail_reference: expect.stringMatching(/^[0-9a-f]{32}$/),
          status: 'settled',
          amount: '100.00',
          currency: 'EUR',
          counterparty: { name: 'John Doe', iban: 'DE89370400440532013000', bic: 'DEUTDEFFXXX' },
          description: 'Salary payment for June 2024',
          purpose_code: null,
          failure: null,
          origin_transfer_id: null,
          attempts_made: 1,
          next_attempt_at: null,
          created_at: expect.stringMatching(INSTANT),
          settled_at: expect.stringMatching(INSTANT),
        },
      ]);
    }
    const after = await acme.balance();
    expect(after.reserved).toBe('0.00');
    expect(cents(before.available) - cents(after.available)).toBe(10_000n);
    expect(after.posted).toBe(after.available);
  });

  it('keeps what it was given', async () => {
    const metadata = { department: 'sales', 'cost center': '4711', empty: '' };
    const options = { on_failure: 'stop', validation: 'partial', priority: 'urgent', rail: 'sandbox', metadata };
    const { id } = await acme.submit({
      debtor_account_id: acme.accountId.toUpperCase(),
      organization_name: 'ACME Corp',
      ...options,
      credit_transfers: [line({ client_transfer_id: 'emp-1', purpose_code: 'SALA', counterparty_bic: 'DEUTDEFF' })],
    });
    expect(await acme.ended(id)).toMatchObject({ ...options, status: 'completed', request_id: null });
    const [transfer] = await transfersOf(id);
    expect(transfer).toMatchObject({ client_transfer_id: 'emp-1', purpose_code: 'SALA', description: null });
    expect(transfer?.counterparty.bic).toBe('DEUTDEFF');
  });

  it('names IBANs in any case, with spaces', async () => {
    const { id } = await acme.submit({
      organization_iban: ' fr10 4746 0800 0002 0061 07xx xxx',
      organization_bic: ACME_BIC,
      credit_transfers: [line({ counterparty_iban: 'de89 3704 0044 0532 0130 00' })],
    });
    expect((await transfersOf(id))[0]?.counterparty.iban).toBe('DE89370400440532013000');
    await acme.ended(id);
  });

  it('reports on every line of a mixed payroll, and its amounts add up', async () => {
    const before = cents((await acme.balance()).posted);
    const descriptions = ['Salary', 'sandbox:reject:AC04', 'sandbox:retry:1', 'sandbox:reject:AG01', 'Salary'];
    const { id } = await acme.submit(
      bulkOf(...descriptions.map((description, index) => line({ description, amount: `${index + 1}0.50` }))),
    );
    const ended = await acme.ended(id);
    expect(ended).toMatchObject({
      status: 'partially_completed',
      total_amount: '152.50',
      counts: { ...NO_LINE, pending: 0, settled: 3, failed: 2 },
      amounts: { settled: '91.50', failed: '61.00', cancelled: '0.00', returned: '0.00', open: '0.00' },
    });
    const reasons = (await transfersOf(id)).map(({ status, failure }) => `${status} ${failure?.code ?? ''}`.trim());
    expect(reasons).toEqual(['settled', 'failed AC04', 'settled', 'failed AG01', 'settled']);
    const { posted, reserved, available } = await acme.balance();
    expect({ spent: before - cents(posted), reserved, available }).toEqual({
      spent: 9_150n,
      reserved: '0.00',
      available: posted,
    });
    const [sums] = await ownerOf(acme.api.app).query<{ settled: string }>(
      `SELECT sum(e.amount_minor)::text AS settled FROM ledger_entries e JOIN transfers t ON t.id = e.transfer_id
        WHERE t.bulk_id = $1 AND e.debit_account_id = $2`,
      [id, acme.accountId],
    );
    expect(sums).toEqual({ settled: '9150' });
  });

  it('fails when nothing of it could be paid', async () => {
    const { id } = await acme.submit(bulkOf(line({ description: 'sandbox:reject:AC06' })));
    expect(await acme.ended(id)).toMatchObject({ status: 'failed', amounts: { failed: '1.00', settled: '0.00' } });
  });

  it.each([
    ['JPY', ['100', '1', '999999'], '1000100'],
    ['KWD', ['0.001', '12.5', '1.000'], '13.501'],
  ])('pays in %s with the decimals it has', async (currency, amounts, total) => {
    const account = { organizationId: acme.organizationId, currency, amount: '2000000' };
    const { id: accountId } = await createFundedAccount(acme.api.app, account);
    const decimals = currency === 'JPY' ? 0 : 3;
    const credit_transfers = amounts.map((amount) => line({ amount, currency }));
    const accepted = await acme.submit({ debtor_account_id: accountId, credit_transfers });
    expect(accepted).toMatchObject({ currency, total_amount: total, amounts: { open: total } });
    expect(accepted.amounts.settled).toBe((0).toFixed(decimals));
    expect((await acme.ended(accepted.id)).amounts.settled).toBe(total);
    const shown = amounts.map((amount) => Number(amount).toFixed(decimals));
    expect((await transfersOf(accepted.id)).map(({ amount }) => amount)).toEqual(shown);
    expect((await acme.balance(accountId)).posted).toBe((2_000_000 - Number(total)).toFixed(decimals));
  });

  it('is only checked by a dry run', async () => {
    const before = await acme.rowCounts();
    const body = bulk(unlike('dry run'));
    const dry = await acme.post('/bulk-requests?dry_run=true', body, { 'idempotency-key': 'dry' });
    expect(dry.status).toBe(200);
    expect(dry.headers).not.toHaveProperty('location');
    expect(await acme.rowCounts()).toEqual(before);
    expect(await acme.balance()).toMatchObject({ reserved: '0.00' });
    const accepted = await acme.submit(body, { 'idempotency-key': 'dry' });
    expect(dry.body).toEqual({
      ...accepted,
      id: expect.stringMatching(UUID),
      created_at: expect.stringMatching(INSTANT),
      status: 'valid',
      links: expect.any(Object),
    });
    await acme.ended(accepted.id);
    const bad = await acme.post('/transfers/bulk?dry_run=true', bulkOf(line({ amount: '0' })));
    expect([bad.status, bad.body.code]).toEqual([422, 'validation_failed']);
  });
});
