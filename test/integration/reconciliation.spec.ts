import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { StatementRepository } from '../../src/modules/reconciliation/persistence/statement.repository.js';
import { SandboxRail } from '../../src/modules/rails/adapters/sandbox.rail.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { assertLedgerAddsUp } from '../support/balances.js';
import { completeAll, executeDue, skipTime, statusesOf, UNHURRIED, stopBulk } from '../support/engine-steps.js';
import {
  applyEvidence,
  breaksOf,
  executeRun,
  forgetAtBank,
  reconcile,
  requestRun,
  submitLines,
  tamper,
} from '../support/reconciliation-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('reconciliation of a statement with our books', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, RAIL_VISIBILITY_HORIZON_MS: '0' }, { working: false });
    database = ownerOf(worker.app);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app);
  });
  afterAll(async () => {
    try {
      await assertLedgerAddsUp(worker.app);
    } finally {
      await worker.close();
    }
  });

  const submitted = (...words: string[]) => submitLines(worker.app, payer, words);
  /** Over the payer's own transfers, so that tests do not meet. */
  const run = (values: object = {}) => reconcile(worker.app, { organizationId: payer.organizationId, ...values });
  const breaks = () => breaksOf(worker.app, payer.organizationId);
  const classes = async (): Promise<string[]> => (await breaks()).map((one) => one.class).sort();
  const evidenceRows = () =>
    database.query(
      `SELECT e.source, e.status, e.outcome FROM rail_evidence e JOIN transfers t ON t.id = e.transfer_id
        WHERE t.organization_id = $1 ORDER BY e.received_at, e.id`,
      [payer.organizationId],
    );

  it('finds nothing where both say the same', async () => {
    await submitted('Salary', 'Salary', 'sandbox:reject:AC04');
    await expect(run()).resolves.toMatchObject({
      status: 'completed',
      statementLines: 3,
      newLines: 3,
      matched: 3,
      evidence: 0,
      breaksOpened: 0,
      failure: null,
      invariants: { kept: true },
      endedAt: expect.any(Date),
    });
    await expect(breaks()).resolves.toEqual([]);
    await expect(evidenceRows()).resolves.toEqual([]);
  });

  describe('resolves doubt by itself', () => {
    it('of lines whose answer was lost, and completes their bulk', async () => {
      const bulkId = await submitted('sandbox:timeout', 'Salary', 'sandbox:accept');
      await database.execute(`UPDATE sandbox_journal SET settles_at = now() - interval '1 s' WHERE settles_at > now()`);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 1, settled: 1, submitted: 1 });
      await expect(run()).resolves.toMatchObject({ statementLines: 3, matched: 1, evidence: 2, breaksOpened: 0 });
      await applyEvidence(worker.app);
      await completeAll(worker.app);
      const bulk = await worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
      expect(bulk).toMatchObject({ status: 'completed', counts: { settled: 3 } });
      await expect(run()).resolves.toMatchObject({ statementLines: 3, newLines: 0, matched: 3, evidence: 0 });
      await expect(breaks()).resolves.toEqual([]);
    });

    it('of a payment that came back', async () => {
      const bulkId = await submitted('sandbox:return');
      await skipTime(worker.app);
      await expect(run()).resolves.toMatchObject({ statementLines: 2, matched: 1, evidence: 1 });
      await applyEvidence(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ returned: 1 });
      await expect(run()).resolves.toMatchObject({ matched: 2, evidence: 0, breaksOpened: 0 });
    });
  });

  it('changes nothing when a statement is imported twice', async () => {
    const bulkId = await submitted('Salary', 'Salary', 'sandbox:timeout', 'sandbox:reject:AC04');
    await tamper(worker.app, bulkId, 1, 'amount_minor = 101');
    await tamper(worker.app, bulkId, 3, `status = 'settled', reason_code = NULL`);
    await expect(run()).resolves.toMatchObject({ newLines: 4, evidence: 2, breaksOpened: 1 });
    await applyEvidence(worker.app);
    const state = async () => ({
      lines: await database.query(`SELECT * FROM statement_lines WHERE organization_id = $1 ORDER BY rail_id, status`, [
        payer.organizationId,
      ]),
      breaks: await breaks(),
      evidence: await evidenceRows(),
      statuses: await statusesOf(worker.app, bulkId),
      entries: await database.query(`SELECT * FROM ledger_entries WHERE organization_id = $1 ORDER BY id`, [
        payer.organizationId,
      ]),
    });
    const before = await state();
    await expect(run()).resolves.toMatchObject({ newLines: 0, evidence: 0, breaksOpened: 0, statementLines: 4 });
    await applyEvidence(worker.app);
    await expect(state()).resolves.toEqual(before);
  });

  it('changes nothing twice when the worker dies in the middle and another takes the run up', async () => {
    const bulkId = await submitted('Salary', 'sandbox:timeout');
    await tamper(worker.app, bulkId, 0, 'amount_minor = 101');
    const runId = await requestRun(worker.app, { organizationId: payer.organizationId });
    const statement = worker.app.get(StatementRepository, { strict: false });
    jest.spyOn(statement, 'markEvidence').mockRejectedValueOnce(new Error('killed'));
    await expect(executeRun(worker.app, runId)).resolves.toMatchObject({ status: 'running' });
    await applyEvidence(worker.app);
    // Nobody takes it up before its time.
    await expect(executeRun(worker.app, runId)).resolves.toMatchObject({ status: 'running' });
    await database.execute(`UPDATE reconciliation_runs SET lease_expires_at = now() WHERE id = $1`, [runId]);
    await expect(executeRun(worker.app, runId)).resolves.toMatchObject({
      status: 'completed',
      statementLines: 2,
      newLines: 2,
      breaksOpened: 1,
    });
    await expect(classes()).resolves.toEqual(['amount']);
    await expect(evidenceRows()).resolves.toEqual([{ source: 'statement', status: 'settled', outcome: 'applied' }]);
  });

  it('covers payments that take others back', async () => {
    const bulkId = await payer.submit(2, (line) => (line === 1 ? 'sandbox:reject:AC04' : 'Salary'), {
      on_failure: 'reverse',
    });
    await executeDue(worker.app);
    await stopBulk(worker.app, bulkId);
    await completeAll(worker.app);
    await executeDue(worker.app);
    await completeAll(worker.app);
    const [{ id: reversalId } = { id: '' }] = await database.query<{ id: string }>(
      `SELECT id FROM bulk_requests WHERE origin_id = $1 AND origin = 'reversal'`,
      [bulkId],
    );
    await expect(statusesOf(worker.app, reversalId)).resolves.toEqual({ settled: 1 });
    await expect(run()).resolves.toMatchObject({
      statementLines: 3,
      matched: 3,
      breaksOpened: 0,
      invariants: { kept: true },
    });
    await database.execute(`DELETE FROM statement_lines WHERE organization_id = $1`, [payer.organizationId]);
    await forgetAtBank(worker.app, reversalId, 0);
    await expect(run()).resolves.toMatchObject({ statementLines: 2, matched: 2, breaksOpened: 1 });
    await expect(breaks()).resolves.toMatchObject([{ class: 'missing_there', bulkId: reversalId, amountMinor: 100n }]);
  });

  it('asks for earlier statements when we learned of a payment only later', async () => {
    const bulkId = await submitted('Salary');
    // Made and booked by the bank three hours ago; we settled it just now.
    await database.execute(`UPDATE transfers SET created_at = created_at - interval '3 hours' WHERE bulk_id = $1`, [
      bulkId,
    ]);
    await tamper(worker.app, bulkId, 0, `received_at = received_at - interval '3 hours'`);
    const from = new Date(Date.now() - 3_600_000);
    await expect(run({ from })).resolves.toMatchObject({ statementLines: 1, newLines: 1, matched: 1, breaksOpened: 0 });
  });

  it('does not take an unanswered rail for an empty statement: the run fails after some attempts', async () => {
    await submitted('Salary');
    const rail = worker.app.get(SandboxRail, { strict: false });
    const silent = jest.spyOn(rail, 'fetchStatement').mockImplementation(async function* () {
      yield [];
      throw new Error('connect ECONNREFUSED');
    });
    const runId = await requestRun(worker.app, { organizationId: payer.organizationId });
    for (let attempt = 1; attempt <= 5; attempt++) {
      await expect(executeRun(worker.app, runId)).resolves.toMatchObject({
        status: attempt < 5 ? 'running' : 'failed',
      });
      await database.execute(`UPDATE reconciliation_runs SET lease_expires_at = now() WHERE id = $1`, [runId]);
    }
    silent.mockRestore();
    await expect(executeRun(worker.app, runId)).resolves.toMatchObject({
      status: 'failed',
      failure: 'The rail did not give its statement: connect ECONNREFUSED',
      endedAt: expect.any(Date),
      invariants: null,
    });
    await expect(breaks()).resolves.toEqual([]);
  });
});

describe('a rail that shows its bookings late', () => {
  it('is given its visibility horizon before something is called missing', async () => {
    const worker = await startTestWorker(UNHURRIED, { working: false });
    try {
      const payer = await createPayer(worker.app);
      const bulkId = await payer.submit(1);
      await executeDue(worker.app);
      await forgetAtBank(worker.app, bulkId, 0);
      await expect(reconcile(worker.app)).resolves.toMatchObject({ status: 'completed', breaksOpened: 0 });
    } finally {
      await worker.close();
    }
  });
});
