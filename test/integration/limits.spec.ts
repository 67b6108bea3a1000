import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { setApproval, setLimits } from '../factories/approvals.js';
import { type BulkControl, controlOf } from '../factories/bulk-control.js';
import { creditTransfers, germanIban, MAKER, submitBulk } from '../factories/bulk-requests.js';
import { createAccount, createFundedAccount } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { finish, UNHURRIED, workOff } from '../support/engine-steps.js';
import { ownerOf } from '../support/owner.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('limits', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  let control: BulkControl;
  let used: () => Promise<unknown[]>;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    database = ownerOf(worker.app);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app);
    control = controlOf(worker.app, payer.organizationId);
    used = () =>
      database.query(
        `SELECT account_id AS "accountId", amount_minor AS amount, transfer_count AS count FROM limit_usage
          WHERE organization_id = $1 AND day = (now() AT TIME ZONE 'UTC')::date ORDER BY account_id NULLS FIRST`,
        [payer.organizationId],
      );
  });
  afterAll(() => finish(worker, { open }));

  const submission = (lines: number, accountId = payer.accountId) => ({
    debtor_account_id: accountId,
    credit_transfers: creditTransfers(lines),
  });
  /** Under a key, so that equal bulks are not one. */
  const submit = (lines: number, key: string, accountId = payer.accountId) =>
    submitBulk(worker.app, payer.organizationId, submission(lines, accountId), key);

  it('of a day lets through exactly what fits, however many ask at the same time', async () => {
    await setLimits(worker.app, payer.organizationId, { max_amount: '30.00' });
    const attempts = Array.from({ length: 20 }, (_, index) =>
      submit(3, `race-${index}`).then(
        ({ status }) => `${status}`,
        (error: { code: string }) => error.code,
      ),
    );
    const answers = await Promise.all(attempts);
    expect(answers.filter((answer) => answer === '202')).toHaveLength(10);
    expect(answers.filter((answer) => answer === 'limit_exceeded')).toHaveLength(10);
    await expect(used()).resolves.toEqual([{ accountId: null, amount: 3_000n, count: 30 }]);
    const [bulks] = await database.query<{ count: number; total: bigint }>(
      `SELECT count(*)::int AS count, sum(total_minor)::bigint AS total FROM bulk_requests WHERE organization_id = $1`,
      [payer.organizationId],
    );
    expect(bulks).toEqual({ count: 10, total: 3_000n });
  });

  it('of accounts and of the organization are held at the same time without a deadlock', async () => {
    const { organizationId } = payer;
    const other = await createFundedAccount(worker.app, { organizationId, amount: '100.00' });
    await setLimits(
      worker.app,
      organizationId,
      { max_count: 12 },
      { account_id: payer.accountId, max_count: 8 },
      { account_id: other.id, max_count: 8 },
    );
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        submit(1, `two-${index}`, index % 2 === 0 ? payer.accountId : other.id).then(
          ({ status }) => `${status}`,
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(answers.filter((answer) => answer === '202')).toHaveLength(12);
    expect(answers.filter((answer) => answer === 'limit_exceeded')).toHaveLength(8);
    const rows = (await used()) as { count: number }[];
    expect(rows[0]).toMatchObject({ accountId: null, count: 12 });
    expect((rows[1]?.count ?? 0) + (rows[2]?.count ?? 0)).toBe(12);
  });

  it('name themselves, what is allowed, used and asked for, and the refusal is not kept', async () => {
    await setLimits(worker.app, payer.organizationId, { max_amount: '10.00', max_count: 5 });
    await submit(4, 'first');
    const refusal = await refusalOf(submit(7, 'second'));
    expect(refusal).toMatchObject({
      kind: 'rule',
      code: 'limit_exceeded',
      details: {
        errors: [
          {
            code: 'day_amount',
            detail: 'Limit of the organization for a day (UTC): allowed EUR 10.00, used EUR 4.00, requested EUR 7.00.',
          },
          {
            code: 'day_count',
            detail:
              'Limit of the organization for a day (UTC): allowed 5 transfers, used 4 transfers, requested 7 transfers.',
          },
        ],
      },
    });
    // It is another day.
    await database.execute(`UPDATE limit_usage SET day = day - 1 WHERE organization_id = $1`, [payer.organizationId]);
    await setLimits(worker.app, payer.organizationId, { max_amount: '20.00' });
    await expect(submit(7, 'second')).resolves.toMatchObject({ status: 202 });
  });

  it('of one bulk hold for each by itself, and count nothing', async () => {
    await setLimits(worker.app, payer.organizationId, { per: 'bulk', max_count: 3 });
    await submit(3, 'a');
    await submit(3, 'b');
    expect(await refusalOf(submit(4, 'c'))).toMatchObject({ details: { errors: [{ code: 'bulk_count' }] } });
    await expect(used()).resolves.toEqual([]);
  });

  it('that begin in the middle of a day count the whole day', async () => {
    await submit(6, 'before');
    await setLimits(worker.app, payer.organizationId, { max_count: 10 });
    expect(await refusalOf(submit(5, 'after'))).toMatchObject({ code: 'limit_exceeded' });
    await expect(submit(4, 'after')).resolves.toMatchObject({ status: 202 });
    // Taken away and set again, they have not forgotten.
    await setLimits(worker.app, payer.organizationId);
    await submit(3, 'without');
    await setLimits(worker.app, payer.organizationId, { max_count: 13 });
    expect(await refusalOf(submit(1, 'again'))).toMatchObject({ code: 'limit_exceeded' });
  });

  it('do not get back what is cancelled, or cancelling would make them mean nothing', async () => {
    await setLimits(worker.app, payer.organizationId, { max_count: 5 });
    const { bulkId } = await submit(5, 'cancelled');
    await control.cancel(bulkId);
    expect(await refusalOf(submit(1, 'next'))).toMatchObject({ code: 'limit_exceeded' });
  });

  it('are not used by what is refused for another reason', async () => {
    const { organizationId } = payer;
    const poor = await createAccount(worker.app, { organizationId });
    await setLimits(worker.app, organizationId, { max_count: 5 });
    await expect(submit(5, 'poor', poor.id)).resolves.toMatchObject({ status: 422 });
    await expect(submit(5, 'rich')).resolves.toMatchObject({ status: 202 });
  });

  it('hold for retries, which pay again', async () => {
    const bulkId = await payer.submit(3, () => 'sandbox:reject:AC04');
    await workOff(worker.app);
    await setLimits(worker.app, payer.organizationId, { max_count: 5 });
    expect(await refusalOf(control.retryFailed(bulkId))).toMatchObject({ code: 'limit_exceeded' });
  });

  it('are told by a dry run, as is that approval would be needed', async () => {
    const { organizationId } = payer;
    await setLimits(worker.app, organizationId, { max_count: 5 });
    await setApproval(worker.app, organizationId, { transferCountOver: 1, newCounterpartiesOver: 0 });
    const dryRun = (lines: number) =>
      worker.app.get(BulkRequestsService, { strict: false }).validate({
        organizationId,
        operation: 'bulk-requests.create',
        idempotencyKey: null,
        submitter: MAKER,
        body: {},
        submission: submission(lines),
      });
    expect(await refusalOf(dryRun(6))).toMatchObject({ code: 'limit_exceeded' });
    await expect(dryRun(5)).resolves.toMatchObject({
      warnings: ['approval_required: transfer_count_over', 'approval_required: new_counterparties_over'],
    });
    await expect(dryRun(1)).resolves.toMatchObject({ warnings: ['approval_required: new_counterparties_over'] });
    await expect(used()).resolves.toEqual([{ accountId: null, amount: 0n, count: 0 }]);
  });

  it('of new counterparties count who was paid: not who waits, nor the same one twice', async () => {
    const { organizationId, accountId } = payer;
    await setApproval(worker.app, organizationId, { newCounterpartiesOver: 1 });
    const pay = async (key: string, ...numbers: number[]): Promise<string> => {
      const credit_transfers = numbers.map((number) => ({
        amount: '1.00',
        counterparty_name: 'John Doe',
        counterparty_iban: germanIban(number),
      }));
      const { bulkId } = await submitBulk(
        worker.app,
        organizationId,
        { debtor_account_id: accountId, credit_transfers },
        key,
      );
      const [bulk] = await database.query<{ status: string }>(`SELECT status FROM bulk_requests WHERE id = $1`, [
        bulkId,
      ]);
      if (bulk?.status === 'awaiting_approval') open.push(bulkId);
      return bulk?.status ?? '';
    };
    await expect(pay('one', 1, 1, 1)).resolves.toBe('processing');
    await expect(pay('two', 2, 3)).resolves.toBe('awaiting_approval');
    await expect(pay('again', 2, 3)).resolves.toBe('awaiting_approval');
    await workOff(worker.app);
    await expect(pay('known', 1, 2)).resolves.toBe('processing');
    await expect(pay('unknown', 1, 2, 3)).resolves.toBe('awaiting_approval');
  });
});
