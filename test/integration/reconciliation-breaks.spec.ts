import { railReference } from '../../src/domain/ids.js';
import { AccountsService } from '../../src/modules/accounts/index.js';
import { areKept, LedgerQueries } from '../../src/modules/ledger/index.js';
import type { Break } from '../../src/modules/reconciliation/domain/break.js';
import { ReconciliationService } from '../../src/modules/reconciliation/index.js';
import { type NewEvidence, TransfersService } from '../../src/modules/transfers/index.js';
import { Database, UnitOfWork } from '../../src/platform/database/index.js';
import { moveBankMoney } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { completeAll, executeDue, runLoop, transfersOf, UNHURRIED } from '../support/engine-steps.js';
import { applyEvidence, breaksOf, resolveBreak } from '../support/reconciliation-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('breaks', () => {
  let worker: TestWorker;
  let database: Database;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    database = worker.app.get(Database);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app, '10.00');
  });
  afterEach(async () => {
    const invariants = await worker.app.get(LedgerQueries, { strict: false }).invariants(database);
    expect(areKept(invariants)).toBe(true);
  });
  afterAll(() => worker.close());

  /** A bulk of one line after its first submission. */
  async function submitted(words: string) {
    const bulkId = await payer.submit(1, () => words);
    await executeDue(worker.app);
    await completeAll(worker.app);
    const [transfer] = await transfersOf(worker.app, bulkId);
    return { bulkId, transferId: transfer?.id ?? '' };
  }
  const say = (transferId: string, status: NewEvidence['status'], source: NewEvidence['source'] = 'callback') =>
    worker.app.get(TransfersService, { strict: false }).keepEvidence([
      {
        organizationId: null,
        rail: 'sandbox',
        reference: railReference(transferId),
        transferId,
        source,
        status,
        reasonCode: null,
        railId: null,
      },
    ]);
  const breaks = () => breaksOf(worker.app, payer.organizationId);
  /** The one break there is, after the rail contradicted what became of a line. */
  async function contradicted(words: string, status: NewEvidence['status']): Promise<Break> {
    const { transferId } = await submitted(words);
    await say(transferId, status);
    await applyEvidence(worker.app);
    const [found, ...others] = await breaks();
    if (!found || others.length > 0) throw new Error(`There are ${others.length} other breaks.`);
    return found;
  }
  const paidAfterAll = () => contradicted('sandbox:reject:AC04', 'settled');
  const notPaidAfterAll = () => contradicted('Salary', 'rejected');
  /** Posted balances by kind of account, in minor units. */
  const balances = async (): Promise<Record<string, bigint>> => {
    const rows = await database.query<{ kind: string; posted: bigint }>(
      `SELECT kind, sum(posted_minor)::bigint AS posted FROM accounts WHERE organization_id = $1 AND kind <> 'bank' GROUP BY kind`,
      [payer.organizationId],
    );
    return Object.fromEntries(rows.map(({ kind, posted }) => [kind, posted]));
  };
  const corrections = (id: string) =>
    database.query(
      `SELECT d.kind AS "from", c.kind AS "to", e.amount_minor AS amount, e.transfer_id AS "transferId"
         FROM ledger_entries e JOIN accounts d ON d.id = e.debit_account_id JOIN accounts c ON c.id = e.credit_account_id
        WHERE e.kind = 'correction' AND e.reference = $1`,
      [id],
    );
  const resolve = (id: string, resolution: Break['resolution']) =>
    resolveBreak(worker.app, id, resolution, payer.organizationId);

  describe('out of evidence', () => {
    it('carry the money that a contradiction put on suspense', async () => {
      const found = await paidAfterAll();
      expect(found).toMatchObject({
        class: 'status',
        source: 'evidence',
        status: 'open',
        expected: 'failed, 1.00 EUR',
        suspenseMinor: -100n,
        amountMinor: 100n,
        currency: 'EUR',
        runId: null,
      });
      await expect(balances()).resolves.toEqual({ customer: 1_000n, suspense: -100n, clearing: 100n });
      const { transferId } = await submitted('Salary');
      await say(transferId, 'rejected');
      await applyEvidence(worker.app);
      expect((await breaks()).map((one) => one.suspenseMinor)).toEqual([-100n, 100n]);
      await expect(balances()).resolves.toEqual({ customer: 900n, suspense: 0n, clearing: 100n });
    });

    it('are opened once, whoever repeats it; that it was repeated is noted', async () => {
      const { transferId } = await submitted('sandbox:reject:AC04');
      await say(transferId, 'settled', 'callback');
      await applyEvidence(worker.app);
      await say(transferId, 'settled', 'statement');
      await applyEvidence(worker.app);
      await applyEvidence(worker.app);
      const [found, ...others] = await breaks();
      expect(others).toEqual([]);
      expect(found?.laterFindings).toEqual([
        { at: expect.any(Date), found: expect.stringMatching(/^settled, by statement of /) },
      ]);
      await resolve(found?.id ?? '', 'corrected_by_rail');
      await say(transferId, 'settled', 'notice');
      await applyEvidence(worker.app);
      await expect(breaks()).resolves.toMatchObject([{ status: 'resolved' }]);
    });

    it('are two when the rail says two things, and only one of them carries the money', async () => {
      const { transferId } = await submitted('sandbox:reject:AC04');
      await say(transferId, 'settled');
      await applyEvidence(worker.app);
      await say(transferId, 'returned');
      await applyEvidence(worker.app);
      const found = await breaks();
      expect(found.map((one) => one.suspenseMinor)).toEqual([-100n, 0n]);
      await resolve(found[0]?.id ?? '', 'corrected_by_rail');
      await resolve(found[1]?.id ?? '', 'no_action');
      await expect(balances()).resolves.toEqual({ customer: 1_000n, suspense: 0n, clearing: 0n });
    });

    it('are opened once when several processes report at the same time', async () => {
      const { transferId } = await submitted('sandbox:reject:AC04');
      await say(transferId, 'settled');
      await runLoop(worker.app, 'rail-evidence');
      await Promise.all(Array.from({ length: 5 }, () => runLoop(worker.app, 'reconciliation-evidence')));
      await expect(breaks()).resolves.toHaveLength(1);
    });

    it('about references that are nobody’s are the platform’s', async () => {
      const reference = 'A payment we never made';
      await worker.app.get(TransfersService, { strict: false }).keepEvidence([
        {
          organizationId: null,
          rail: 'sandbox',
          reference,
          transferId: null,
          source: 'callback',
          status: 'settled',
          reasonCode: null,
          railId: 'B-1',
        },
      ]);
      await applyEvidence(worker.app);
      await expect(breaks()).resolves.toEqual([]);
      const all = await breaksOf(worker.app);
      expect(all.filter((one) => one.reference === reference)).toMatchObject([
        { class: 'missing_here', source: 'evidence', organizationId: null, railId: 'B-1', suspenseMinor: 0n },
      ]);
    });
  });

  it('of other modules are opened once, in their transaction', async () => {
    const service = worker.app.get(ReconciliationService, { strict: false });
    const { bulkId } = await submitted('Salary');
    const found = {
      organizationId: payer.organizationId,
      rail: 'sandbox',
      class: 'invariant' as const,
      source: 'completion' as const,
      bulkId,
      expected: 'captured 100',
      found: 'captured 0',
      dedupeKey: `completion:${bulkId}`,
    };
    const unitOfWork = worker.app.get(UnitOfWork);
    await expect(
      unitOfWork.run(async (tx) => {
        await service.openBreak(tx, found);
        throw new Error('undo');
      }),
    ).rejects.toThrow('undo');
    await expect(breaks()).resolves.toEqual([]);
    for (let again = 0; again < 2; again++) await unitOfWork.run((tx) => service.openBreak(tx, found));
    await expect(breaks()).resolves.toMatchObject([{ source: 'completion', bulkId, suspenseMinor: 0n }]);
  });

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

  it('are assigned, and assigned again, until they are resolved', async () => {
    const { id } = await paidAfterAll();
    const service = worker.app.get(ReconciliationService, { strict: false });
    const assign = (who: string) => service.assign(payer.organizationId, id, who);
    await expect(assign('Ann')).resolves.toMatchObject({ status: 'assigned', assignee: 'Ann' });
    await expect(assign('Bob')).resolves.toMatchObject({ status: 'assigned', assignee: 'Bob' });
    await expect(resolve(id, 'written_off')).resolves.toMatchObject({ status: 'resolved', assignee: 'Bob' });
    await expect(refusalOf(assign('Ann'))).resolves.toMatchObject({ code: 'invalid_state' });
  });
});
