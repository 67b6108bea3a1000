import { AccountsService } from '../../src/modules/accounts/index.js';
import type { Break } from '../../src/modules/reconciliation/domain/break.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { moveBankMoney } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { assertLedgerAddsUp, postedByKind } from '../support/balances.js';
import { completeAll, executeDue, skipTime, UNHURRIED } from '../support/engine-steps.js';
import {
  applyEvidence,
  breaksOf,
  contradict,
  onlyBreakOf,
  reconcile,
  resolveBreak,
} from '../support/reconciliation-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('breaks with money on suspense', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    database = ownerOf(worker.app);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app, '10.00');
  });
  afterEach(() => assertLedgerAddsUp(worker.app));
  afterAll(() => worker.close());

  const breaks = () => breaksOf(worker.app, payer.organizationId);
  const balances = () => postedByKind(worker.app, payer.organizationId);
  const paidAfterAll = () => contradict(worker.app, payer, 'sandbox:reject:AC04', 'settled');
  const notPaidAfterAll = () => contradict(worker.app, payer, 'Salary', 'rejected');
  const resolve = (id: string, resolution: Break['resolution']) =>
    resolveBreak(worker.app, id, resolution, payer.organizationId);
  const corrections = (id: string) =>
    database.query(
      `SELECT d.kind AS "from", c.kind AS "to", e.amount_minor AS amount, e.transfer_id AS "transferId"
         FROM ledger_entries e JOIN accounts d ON d.id = e.debit_account_id JOIN accounts c ON c.id = e.credit_account_id
        WHERE e.kind = 'correction' AND e.reference = $1`,
      [id],
    );

  describe('resolved', () => {
    it('as corrected by the rail reverse what was put on suspense', async () => {
      const { id } = await paidAfterAll();
      await expect(resolve(id, 'corrected_by_rail')).resolves.toMatchObject({
        status: 'resolved',
        resolution: 'corrected_by_rail',
        note: 'As agreed with the bank',
        resolvedBy: 'admin',
        resolvedAt: expect.any(Date),
      });
      await expect(balances()).resolves.toEqual({ customer: 1_000n, suspense: 0n, clearing: 0n });
      await expect(corrections(id)).resolves.toEqual([
        { from: 'clearing', to: 'suspense', amount: 100n, transferId: null },
      ]);
    });

    it('the other way round, too: what was found goes back to clearing', async () => {
      const { id } = await notPaidAfterAll();
      await expect(balances()).resolves.toEqual({ customer: 900n, suspense: 100n, clearing: 0n });
      await resolve(id, 'corrected_by_rail');
      await expect(corrections(id)).resolves.toMatchObject([{ from: 'suspense', to: 'clearing', amount: 100n }]);
      await expect(balances()).resolves.toEqual({ customer: 900n, suspense: 0n, clearing: 100n });
    });

    it('as charged to the debtor take the money off its account', async () => {
      const { id } = await paidAfterAll();
      await resolve(id, 'charged_to_debtor');
      await expect(corrections(id)).resolves.toMatchObject([{ from: 'customer', to: 'suspense', amount: 100n }]);
      await expect(balances()).resolves.toEqual({ customer: 900n, suspense: 0n, clearing: 100n });
    });

    it('as charged to the debtor give back what was found', async () => {
      const { id } = await notPaidAfterAll();
      await resolve(id, 'charged_to_debtor');
      await expect(corrections(id)).resolves.toMatchObject([{ from: 'suspense', to: 'customer', amount: 100n }]);
      await expect(balances()).resolves.toEqual({ customer: 1_000n, suspense: 0n, clearing: 0n });
    });

    it('as written off put it on the fees of the organization', async () => {
      const { id } = await paidAfterAll();
      await resolve(id, 'written_off');
      await expect(corrections(id)).resolves.toMatchObject([{ from: 'fees', to: 'suspense', amount: 100n }]);
      await expect(balances()).resolves.toEqual({ customer: 1_000n, suspense: 0n, clearing: 100n, fees: -100n });
    });

    it('twice are refused, and move nothing again', async () => {
      const { id } = await paidAfterAll();
      const answers = await Promise.allSettled([resolve(id, 'written_off'), resolve(id, 'charged_to_debtor')]);
      expect(answers.map((answer) => answer.status).sort()).toEqual(['fulfilled', 'rejected']);
      await expect(refusalOf(resolve(id, 'written_off'))).resolves.toMatchObject({
        code: 'invalid_state',
        details: { members: { current_status: 'resolved' } },
      });
      await expect(corrections(id)).resolves.toHaveLength(1);
      expect((await balances())['suspense']).toBe(0n);
    });
  });

  it('tell of money that came back to a closed account, and say where it goes', async () => {
    const bulkId = await payer.submit(1, () => 'sandbox:return', {});
    await executeDue(worker.app);
    await completeAll(worker.app);
    const { organizationId, accountId } = payer;
    await moveBankMoney(worker.app, { organizationId, accountId, amount: '9.00', direction: 'debit' });
    await worker.app
      .get(AccountsService, { strict: false })
      .changeStatus({ organizationId, accountId, status: 'closed' });
    await skipTime(worker.app);
    for (let again = 0; again < 3; again++) {
      await reconcile(worker.app, { organizationId });
      await applyEvidence(worker.app);
    }
    const found = await onlyBreakOf(worker.app, organizationId);
    expect(found).toMatchObject({
      class: 'status',
      source: 'statement',
      bulkId,
      suspenseMinor: 100n,
      found: expect.stringMatching(/^The debtor account is closed: on suspense since /),
    });
    await expect(refusalOf(resolve(found.id, 'charged_to_debtor'))).resolves.toMatchObject({
      code: 'account_not_active',
    });
    await resolve(found.id, 'written_off');
    await expect(balances()).resolves.toEqual({ customer: 0n, suspense: 0n, clearing: 0n, fees: 100n });
  });

  describe('cannot be resolved', () => {
    it('as no action while money of it lies on suspense, nor as charged when there is none', async () => {
      const found = await paidAfterAll();
      await expect(refusalOf(resolve(found.id, 'no_action'))).resolves.toMatchObject({ code: 'suspense_not_empty' });
      const before = await balances();
      await database.execute(`UPDATE reconciliation_breaks SET suspense_minor = 0 WHERE id = $1`, [found.id]);
      for (const resolution of ['charged_to_debtor', 'written_off'] as const) {
        await expect(refusalOf(resolve(found.id, resolution))).resolves.toMatchObject({ code: 'nothing_in_suspense' });
      }
      await expect(balances()).resolves.toEqual(before);
      await expect(breaks()).resolves.toMatchObject([{ status: 'open', resolution: null }]);
    });

    it('at the debtor’s cost when it lacks the money', async () => {
      const { id } = await paidAfterAll();
      const { organizationId, accountId } = payer;
      await moveBankMoney(worker.app, { organizationId, accountId, amount: '9.50', direction: 'debit' });
      await expect(refusalOf(resolve(id, 'charged_to_debtor'))).resolves.toMatchObject({ code: 'insufficient_funds' });
      await expect(breaks()).resolves.toMatchObject([{ status: 'open' }]);
      await moveBankMoney(worker.app, { organizationId, accountId, amount: '0.50' });
      await expect(resolve(id, 'charged_to_debtor')).resolves.toMatchObject({ status: 'resolved' });
    });

    it('over an account that may not be used', async () => {
      const { id } = await paidAfterAll();
      const { organizationId, accountId } = payer;
      const setStatus = (status: 'frozen' | 'active') =>
        worker.app.get(AccountsService, { strict: false }).changeStatus({ organizationId, accountId, status });
      await setStatus('frozen');
      await expect(refusalOf(resolve(id, 'charged_to_debtor'))).resolves.toMatchObject({ code: 'account_not_active' });
      await setStatus('active');
      await expect(resolve(id, 'charged_to_debtor')).resolves.toMatchObject({ status: 'resolved' });
    });

    it('by another organization', async () => {
      const { id } = await paidAfterAll();
      const other = await createPayer(worker.app);
      await expect(refusalOf(resolveBreak(worker.app, id, 'written_off', other.organizationId))).resolves.toMatchObject(
        {
          code: 'not_found',
        },
      );
    });
  });
});
