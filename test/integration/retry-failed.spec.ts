import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { BulkControlRepository } from '../../src/modules/bulk-requests/persistence/bulk-control.repository.js';
import { AccountsService } from '../../src/modules/accounts/index.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { type BulkControl, controlOf } from '../factories/bulk-control.js';
import { creditTransfers, germanIban, submitBulk } from '../factories/bulk-requests.js';
import { createAccount, createFundedAccount, moveBankMoney } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { finish, statusesOf, transfersOf, UNHURRIED, workOff } from '../support/engine-steps.js';
import { refusalOf } from '../support/refusal.js';
import { rowCounts } from '../support/row-counts.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const REJECT = 'sandbox:reject:AC04';

describe('retrying the failed lines of a bulk request', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  let control: BulkControl;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
    control = controlOf(worker.app, payer.organizationId);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  const viewOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
  /** The id of an ended bulk of which the sandbox rejected these lines. */
  const endedWith = async (lines: number, failed: readonly number[], values?: Partial<Submission>): Promise<string> => {
    const bulkId = await payer.submit(lines, (line) => (failed.includes(line) ? REJECT : 'Salary'), values);
    await workOff(worker.app);
    return bulkId;
  };
  const retried = async (bulkId: string): Promise<string> => {
    const { status, body } = await control.retryFailed(bulkId);
    expect(status).toBe(202);
    return body.id ?? '';
  };
  const storedLines = (bulkId: string): Promise<Record<string, unknown>[]> =>
    database.query(
      `SELECT id, line, rail, amount_minor, currency, counterparty_name, counterparty_index, counterparty_bic, description,
              purpose_code, client_transfer_id, debtor_account_id, origin_transfer_id
         FROM transfers WHERE bulk_id = $1 ORDER BY line`,
      [bulkId],
    );

  it('makes a bulk of only them, with all that was chosen for the first one, and reserves their money', async () => {
    const credit_transfers = creditTransfers(5, (line) => (line % 2 === 1 ? REJECT : 'Salary')).map((line, at) => ({
      ...line,
      client_transfer_id: `salary-${at}`,
      purpose_code: 'SALA',
      amount: `${at + 1}.00`,
    }));
    const options = { on_failure: 'stop', priority: 'urgent', metadata: { run: 'june' } } as const;
    const bulkId = await payer.submit(0, undefined, { credit_transfers, ...options, on_failure: 'continue' });
    await database.execute(`UPDATE bulk_requests SET on_failure = 'stop' WHERE id = $1`, [bulkId]);
    await workOff(worker.app);
    const retryId = await retried(bulkId);
    const [first, retry] = [await viewOf(bulkId), await viewOf(retryId)];
    expect(retry).toMatchObject({
      status: 'processing',
      origin: 'retry',
      originId: bulkId,
      requestId: null,
      transferCount: 2,
      totalMinor: 600n,
      counts: { pending: 2 },
      onFailure: 'stop',
      priority: 'urgent',
      metadata: { run: 'june' },
      debtorAccountId: first.debtorAccountId,
      currency: first.currency,
      rail: first.rail,
    });
    expect(first).toMatchObject({ origin: null, originId: null });
    const before = await storedLines(bulkId);
    const expected = [before[1], before[3]].map((line) => ({
      ...line,
      id: expect.any(String),
      origin_transfer_id: line?.id,
    }));
    const after = await storedLines(retryId);
    expect(after).toEqual(expected);
    expect(before.map(({ id }) => id)).not.toContain(after[0]?.id);
    const holds = await database.query(`SELECT amount_minor FROM holds WHERE reference_id = $1`, [retryId]);
    expect(holds).toEqual([{ amount_minor: 600n }]);
  });

  it('pays each of them once, and what fails again can be retried from there', async () => {
    const bulkId = await endedWith(3, [1, 2]);
    const second = await retried(bulkId);
    await workOff(worker.app);
    await expect(statusesOf(worker.app, second)).resolves.toEqual({ failed: 2 });
    await expect(viewOf(second)).resolves.toMatchObject({ status: 'failed' });
    await database.execute(`UPDATE transfers SET description = 'Salary' WHERE bulk_id = $1`, [second]);
    const third = await retried(second);
    await workOff(worker.app);
    await expect(viewOf(third)).resolves.toMatchObject({ status: 'completed', origin: 'retry', originId: second });
    expect((await storedLines(third)).map(({ line }) => line)).toEqual([1, 2]);
  });

  it('routes them anew: what has an account here by now is paid on the books', async () => {
    const bulkId = await endedWith(1, [0], {
      credit_transfers: creditTransfers(1, () => REJECT).map((line) => ({
        ...line,
        counterparty_iban: germanIban(77),
      })),
    });
    const { organizationId } = payer;
    await createAccount(worker.app, { organizationId, iban: germanIban(77) });
    const retryId = await retried(bulkId);
    await expect(transfersOf(worker.app, retryId)).resolves.toMatchObject([{ rail: 'book' }]);
    await workOff(worker.app);
    await expect(statusesOf(worker.app, retryId)).resolves.toEqual({ settled: 1 });
  });

  describe('happens once for ever', () => {
    it('and names the bulk that it became', async () => {
      const bulkId = await endedWith(2, [0]);
      const retryId = await retried(bulkId);
      const before = await rowCounts(database);
      for (const key of [undefined, 'another-key']) {
        expect(await refusalOf(control.retryFailed(bulkId, key))).toMatchObject({
          kind: 'conflict',
          code: 'duplicate_bulk_request',
          details: { members: { existing_id: retryId } },
        });
      }
      await database.execute(`DELETE FROM idempotency_keys`);
      expect(await refusalOf(control.retryFailed(bulkId))).toMatchObject({ code: 'duplicate_bulk_request' });
      await expect(rowCounts(database)).resolves.toEqual({ ...before, idempotency_keys: 0 });
    });

    it('when many try at the same time', async () => {
      const bulkId = await endedWith(2, [0]);
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, (_, key) => control.retryFailed(bulkId, `race-${key}`)),
      );
      const made = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? attempt.value : []));
      expect(made).toMatchObject([{ status: 202 }]);
      const refusals = attempts.flatMap((attempt) =>
        attempt.status === 'rejected' ? (attempt.reason as { code: string; details: object }) : [],
      );
      expect(refusals).toHaveLength(7);
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({
          code: 'duplicate_bulk_request',
          details: { members: { existing_id: made[0]?.body.id } },
        });
      }
    });

    it('by the database, if nothing else noticed', async () => {
      const bulkId = await endedWith(2, [0]);
      await retried(bulkId);
      const before = await rowCounts(database);
      jest.spyOn(worker.app.get(BulkControlRepository, { strict: false }), 'findRetry').mockResolvedValue(null);
      await expect(control.retryFailed(bulkId, 'unnoticed')).rejects.toMatchObject({
        constraint: 'transfers_once_per_origin',
      });
      await expect(rowCounts(database)).resolves.toEqual(before);
    });

    it('and a repeated key gets its first answer', async () => {
      const bulkId = await endedWith(1, [0]);
      const first = await control.retryFailed(bulkId, 'retry-1');
      expect(first).toMatchObject({ status: 202, replayed: false });
      await expect(control.retryFailed(bulkId, 'retry-1')).resolves.toEqual({ ...first, replayed: true });
      const other = await endedWith(1, [0]);
      expect(await refusalOf(control.retryFailed(other, 'retry-1'))).toMatchObject({ code: 'idempotency_key_reused' });
    });
  });

  describe('is refused', () => {
    it('while the bulk goes on: its lines may still fail', async () => {
      const bulkId = await payer.submit(11, (line) => (line === 0 ? REJECT : 'Salary'));
      for (const status of ['processing', 'paused', 'cancelling']) {
        if (status === 'paused') await control.pause(bulkId);
        if (status === 'cancelling') await control.cancel(bulkId);
        expect(await refusalOf(control.retryFailed(bulkId))).toMatchObject({
          kind: 'conflict',
          code: 'invalid_state',
          details: { members: { current_status: status } },
        });
      }
    });

    it('of a reversal', async () => {
      const [bulkId, reversed] = [await endedWith(1, [0]), await endedWith(1, [])];
      const mark = `UPDATE bulk_requests SET origin = $2, origin_id = $3 WHERE id = $1`;
      await database.execute(mark, [bulkId, 'reversal', reversed]);
      expect(await refusalOf(control.retryFailed(bulkId))).toMatchObject({ code: 'invalid_state' });
      await database.execute(mark, [bulkId, null, null]);
    });

    it('when no line failed', async () => {
      const bulkId = await endedWith(1, []);
      const cancelled = await payer.submit(1);
      await control.cancel(cancelled);
      await workOff(worker.app);
      for (const id of [bulkId, cancelled]) {
        expect(await refusalOf(control.retryFailed(id))).toMatchObject({ kind: 'rule', code: 'nothing_to_retry' });
      }
    });

    it('for lack of money, which its key remembers, and not for ever', async () => {
      const { organizationId } = payer;
      const { id: accountId } = await createFundedAccount(worker.app, { organizationId, amount: '2.00' });
      const bulkId = await payer.submit(2, () => REJECT, { debtor_account_id: accountId });
      await workOff(worker.app);
      await moveBankMoney(worker.app, { organizationId, accountId, amount: '1.50', direction: 'debit' });
      const before = await rowCounts(database);
      expect(await refusalOf(control.retryFailed(bulkId))).toMatchObject({ code: 'insufficient_funds' });
      const refused = await control.retryFailed(bulkId, 'broke');
      expect(refused).toMatchObject({
        status: 422,
        body: { code: 'insufficient_funds', instance: `/api/v1/bulk-requests/${bulkId}/retry-failed` },
      });
      await expect(rowCounts(database)).resolves.toEqual({
        ...before,
        idempotency_keys: (before['idempotency_keys'] ?? 0) + 1,
      });
      await moveBankMoney(worker.app, { organizationId, accountId, amount: '1.50' });
      await expect(control.retryFailed(bulkId, 'broke')).resolves.toEqual({ ...refused, replayed: true });
      await retried(bulkId);
    });

    it('when the account is not active', async () => {
      const { organizationId } = payer;
      const { id: accountId } = await createFundedAccount(worker.app, { organizationId, amount: '2.00' });
      const credit_transfers = creditTransfers(1, () => REJECT);
      const { bulkId } = await submitBulk(worker.app, organizationId, {
        debtor_account_id: accountId,
        credit_transfers,
      });
      await workOff(worker.app);
      const accounts = worker.app.get(AccountsService, { strict: false });
      await accounts.changeStatus({ organizationId, accountId, status: 'frozen' });
      expect(await refusalOf(control.retryFailed(bulkId))).toMatchObject({ code: 'account_not_active' });
      await accounts.changeStatus({ organizationId, accountId, status: 'active' });
      await retried(bulkId);
    });
  });
});
