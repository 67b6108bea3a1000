import { AccountsService } from '../../src/modules/accounts/index.js';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { MAKER, creditTransfers, germanIban, submit, submitBulk } from '../factories/bulk-requests.js';
import { createAccount, createFundedAccount, createOrganization, moveBankMoney } from '../factories/organizations.js';
import { finish, openChunksOf, transfersOf } from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { refusalOf } from '../support/refusal.js';
import { rowCounts } from '../support/row-counts.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const IBAN = 'FR10474608000002006107XXXXX';
const BIC = 'OIVUSCLQXXX';

describe('the acceptance of a bulk request', () => {
  let worker: TestWorker;
  let database: Queryable;
  beforeAll(async () => {
    worker = await startTestWorker({ CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
  });
  afterAll(() => finish(worker));

  /** An organization and its account with that much on it. */
  async function debtorWith(amount: string, currency = 'EUR') {
    const organization = await createOrganization(worker.app, { name: 'ACME Corp' });
    const values = { organizationId: organization.id, iban: IBAN, bic: BIC, currency };
    const account =
      amount === '0'
        ? await createAccount(worker.app, values)
        : await createFundedAccount(worker.app, { ...values, amount });
    return { organizationId: organization.id, accountId: account.id };
  }
  const bulkOf = (accountId: string, lines: number, values: Partial<Submission> = {}): Submission => ({
    debtor_account_id: accountId,
    credit_transfers: creditTransfers(lines),
    ...values,
  });
  const reservedOf = async (accountId: string): Promise<bigint | undefined> => {
    const [row] = await database.query<{ reserved: bigint }>(
      `SELECT reserved_minor AS reserved FROM accounts WHERE id = $1`,
      [accountId],
    );
    return row?.reserved;
  };

  describe('reserves the money', () => {
    it('and stores the bulk, its lines and its chunks, none of which mixes rails', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      await createAccount(worker.app, { organizationId, iban: germanIban(3) });
      const { status, bulkId } = await submitBulk(worker.app, organizationId, bulkOf(accountId, 25));
      expect(status).toBe(202);
      await expect(reservedOf(accountId)).resolves.toBe(2_500n);
      const chunks = await openChunksOf(worker.app, bulkId);
      expect(chunks.map(({ rail, lineFrom, lineTo, lineCount }) => [rail, lineFrom, lineTo, lineCount])).toEqual([
        ['sandbox', 0, 10, 10],
        ['sandbox', 11, 20, 10],
        ['sandbox', 21, 24, 4],
        ['book', 3, 3, 1],
      ]);
    });

    it('or stores nothing but the refusal, which a retry gets again', async () => {
      const { organizationId, accountId } = await debtorWith('9.99');
      const before = await rowCounts(database);
      const first = await submit(worker.app, organizationId, bulkOf(accountId, 10), 'payroll-1');
      expect(first.status).toBe(422);
      expect(JSON.parse(first.json)).toMatchObject({ status: 422, code: 'insufficient_funds' });
      await expect(rowCounts(database)).resolves.toEqual({
        ...before,
        idempotency_keys: (before['idempotency_keys'] ?? 0) + 1,
      });
      await moveBankMoney(worker.app, { organizationId, accountId, amount: '100.00' });
      const again = await submit(worker.app, organizationId, bulkOf(accountId, 10), 'payroll-1');
      expect([again.status, again.json, again.replayed]).toEqual([422, first.json, true]);
    });

    it('of one bulk only, when many race for one balance', async () => {
      const { organizationId, accountId } = await debtorWith('10.00');
      const racing = Array.from({ length: 8 }, (_, bulk) =>
        submit(worker.app, organizationId, bulkOf(accountId, 6, { metadata: { bulk: String(bulk) } }), `race-${bulk}`),
      );
      const statuses = (await Promise.all(racing)).map((reply) => reply.status).sort();
      expect(statuses).toEqual([202, 422, 422, 422, 422, 422, 422, 422]);
      await expect(reservedOf(accountId)).resolves.toBe(600n);
    });

    it('never beyond what the ledger can hold', async () => {
      const { organizationId, accountId } = await debtorWith('0', 'KWD');
      const lines = creditTransfers(10_000).map((line) => ({ ...line, currency: 'KWD', amount: '999999999999.999' }));
      const refusal = await refusalOf(
        submit(worker.app, organizationId, bulkOf(accountId, 0, { credit_transfers: lines })),
      );
      expect(refusal).toMatchObject({ kind: 'rule', code: 'limit_exceeded' });
    });
  });

  describe('takes the debtor', () => {
    it('by IBAN and BIC, with spaces and in lower case, or by id, or by both', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const byIban = { organization_iban: 'fr10 4746 0800 0002 0061 07xx xxx', organization_bic: BIC };
      for (const debtor of [
        byIban,
        { debtor_account_id: accountId.toUpperCase() },
        { ...byIban, debtor_account_id: accountId },
      ]) {
        const submission = { ...debtor, credit_transfers: creditTransfers(1) };
        await expect(submitBulk(worker.app, organizationId, submission)).resolves.toMatchObject({ status: 202 });
      }
    });

    it.each<[string, Partial<Submission>]>([
      ['an unknown IBAN', { organization_iban: 'DE89370400440532013000', organization_bic: BIC }],
      ['another BIC', { organization_iban: IBAN, organization_bic: 'DEUTDEFFXXX' }],
      ['an unknown id', { debtor_account_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e' }],
    ])('not by %s', async (_, debtor) => {
      const { organizationId } = await debtorWith('100.00');
      const refusal = await refusalOf(
        submit(worker.app, organizationId, { ...debtor, credit_transfers: creditTransfers(1) }),
      );
      expect(refusal.code).toBe('debtor_not_found');
    });

    it('not by letters that only turn into the right ones when they are made upper case', async () => {
      const organization = await createOrganization(worker.app);
      await createFundedAccount(worker.app, { organizationId: organization.id, iban: 'FRISI0000000000', bic: BIC });
      const by = (iban: string) =>
        submit(worker.app, organization.id, {
          organization_iban: iban,
          organization_bic: BIC,
          credit_transfers: creditTransfers(1),
        });
      expect((await refusalOf(by('FRıſı0000000000'))).code).toBe('debtor_not_found');
      await expect(by('frisi0000000000')).resolves.toMatchObject({ status: 202 });
    });

    it('not when id and IBAN name two accounts', async () => {
      const { organizationId } = await debtorWith('100.00');
      const other = await createFundedAccount(worker.app, { organizationId });
      const both = { debtor_account_id: other.id, organization_iban: IBAN, organization_bic: BIC };
      const refusal = await refusalOf(submit(worker.app, organizationId, bulkOf(other.id, 1, both)));
      expect(refusal.code).toBe('debtor_not_found');
    });

    it('not by its id beside a BIC that is not its own', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const wrong = bulkOf(accountId, 1, { organization_bic: 'DEUTDEFFXXX' });
      expect((await refusalOf(submit(worker.app, organizationId, wrong))).code).toBe('debtor_not_found');
    });

    it('never from another organization', async () => {
      const { accountId } = await debtorWith('100.00');
      const { organizationId } = await debtorWith('100.00');
      const refusal = await refusalOf(submit(worker.app, organizationId, bulkOf(accountId, 1)));
      expect(refusal.code).toBe('debtor_not_found');
    });

    it('only under the name of the organization, when one is given', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const named = (name: string) =>
        submit(worker.app, organizationId, bulkOf(accountId, 1, { organization_name: name }));
      await expect(named('ACME Corp')).resolves.toMatchObject({ status: 202 });
      expect(await refusalOf(named('ACME Ltd'))).toMatchObject({ kind: 'rule', code: 'organization_mismatch' });
    });

    it('only while the account is active', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      await worker.app
        .get(AccountsService, { strict: false })
        .changeStatus({ organizationId, accountId, status: 'frozen' });
      const refusal = await refusalOf(submit(worker.app, organizationId, bulkOf(accountId, 1), 'frozen-1'));
      expect(refusal).toMatchObject({ kind: 'rule', code: 'account_not_active' });
    });

    it('as it is when the money is reserved: one frozen just before refuses, and nothing is stored', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const before = await rowCounts(database);
      let refused: Promise<unknown> | undefined;
      await worker.app.get(UnitOfWork).run(PLATFORM, async (tx) => {
        await tx.execute(`UPDATE accounts SET status = 'frozen' WHERE id = $1`, [accountId]);
        refused = refusalOf(submit(worker.app, organizationId, bulkOf(accountId, 1), 'frozen-2'));
        const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        await eventually(async () => (await database.query(waiting)).length === 1, { what: 'the reservation to wait' });
      });
      await expect(refused).resolves.toMatchObject({ code: 'account_not_active' });
      await expect(rowCounts(database)).resolves.toEqual(before);
    });
  });

  describe('with validation: partial', () => {
    it('takes the good lines at their positions and lists the bad ones', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const lines = creditTransfers(4).map((line, at) => (at % 2 === 0 ? { ...line, amount: '0.00' } : line));
      const submission = bulkOf(accountId, 0, { validation: 'partial', credit_transfers: lines });
      const { bulkId } = await submitBulk(worker.app, organizationId, submission);
      const bulk = await worker.app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);
      expect(bulk).toMatchObject({ transferCount: 2, totalMinor: 200n, rejectedCount: 2 });
      expect(bulk.rejectedLines).toMatchObject([
        { line: 0, errors: [{ pointer: '/credit_transfers/0/amount', code: 'zero_amount' }] },
        { line: 2, errors: [{ pointer: '/credit_transfers/2/amount', code: 'zero_amount' }] },
      ]);
      expect((await transfersOf(worker.app, bulkId)).map(({ line }) => line)).toEqual([1, 3]);
      await expect(reservedOf(accountId)).resolves.toBe(200n);
    });

    it('refuses a bulk of which nothing good is left', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const lines = creditTransfers(2).map((line) => ({ ...line, amount: '0.00' }));
      const submission = bulkOf(accountId, 0, { validation: 'partial', credit_transfers: lines });
      const refusal = await refusalOf(submit(worker.app, organizationId, submission));
      expect(refusal).toMatchObject({ kind: 'rule', code: 'validation_failed', details: { errorCount: 2 } });
    });
  });

  describe('stores nothing', () => {
    it.each<[string, Partial<Submission>]>([
      ['requested_execution_date', { requested_execution_date: '2027-01-31' }],
      ['rail iso20022', { rail: 'iso20022' }],
    ])('of a bulk that asks for what is not supported yet: %s', async (_, values) => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const before = await rowCounts(database);
      const refusal = await refusalOf(submit(worker.app, organizationId, bulkOf(accountId, 1, values), 'not-yet'));
      expect(refusal.code).toBe('not_supported_yet');
      await expect(rowCounts(database)).resolves.toEqual(before);
    });

    it('of a bulk with one bad line', async () => {
      const { organizationId, accountId } = await debtorWith('100.00');
      const before = await rowCounts(database);
      const lines = creditTransfers(3).map((line, at) => (at === 1 ? { ...line, amount: '0.001' } : line));
      const refusal = await refusalOf(
        submit(worker.app, organizationId, bulkOf(accountId, 0, { credit_transfers: lines }), 'bad-line'),
      );
      expect(refusal.details.errors).toMatchObject([
        { pointer: '/credit_transfers/1/amount', code: 'too_many_decimals' },
      ]);
      await expect(rowCounts(database)).resolves.toEqual(before);
    });

    it('of a dry run, which checks everything and looks at no key', async () => {
      const { organizationId, accountId } = await debtorWith('10.00');
      const dryRun = (submission: Submission) =>
        worker.app.get(BulkRequestsService, { strict: false }).validate({
          organizationId,
          operation: 'bulk-requests.create',
          idempotencyKey: 'dry',
          submitter: MAKER,
          body: submission,
          submission,
        });
      const before = await rowCounts(database);
      const preview = await dryRun(bulkOf(accountId, 10));
      expect(preview).toMatchObject({ totalMinor: 1_000n, transferCount: 10, counts: { pending: 10, settled: 0 } });
      await expect(dryRun(bulkOf(accountId, 5))).resolves.toMatchObject({ transferCount: 5 });
      expect((await refusalOf(dryRun(bulkOf(accountId, 11)))).code).toBe('insufficient_funds');
      expect((await refusalOf(dryRun(bulkOf(accountId, 1, { rail: 'http' })))).code).toBe('rail_not_configured');
      expect((await refusalOf(dryRun({ credit_transfers: [] }))).code).toBe('invalid_request');
      await expect(rowCounts(database)).resolves.toEqual(before);
    });
  });

  it('keeps every text as it was sent, whatever COPY or JSON would make of it', async () => {
    const { organizationId, accountId } = await debtorWith('100.00');
    const texts = ['\\N', '\\.', '\\', 'O\'Brien "Bob"', 'a\\tb\\n', '{}', '日本 😀 Ω', ' x ', '\\\\N', 'NULL', '%s$1'];
    const lines = texts.map((text, at) => ({
      ...(creditTransfers(texts.length)[at] ?? { amount: '', counterparty_iban: '' }),
      counterparty_name: text,
      description: at === 0 ? '' : text,
      client_transfer_id: text,
    }));
    const metadata = { 'k\'"\\': texts.join('|') };
    const { bulkId } = await submitBulk(worker.app, organizationId, {
      ...bulkOf(accountId, 0),
      credit_transfers: lines,
      metadata,
    });
    const stored = await database.query<{ name: string; description: string; own: string }>(
      `SELECT counterparty_name AS name, description, client_transfer_id AS own FROM transfers WHERE bulk_id = $1 ORDER BY line`,
      [bulkId],
    );
    expect(stored).toEqual(texts.map((text, at) => ({ name: text, description: at === 0 ? '' : text, own: text })));
    const bulk = await worker.app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);
    expect(bulk.metadata).toEqual(metadata);
  });
});
