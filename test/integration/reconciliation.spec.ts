import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import { areKept, LedgerQueries } from '../../src/modules/ledger/index.js';
import { StatementRepository } from '../../src/modules/reconciliation/persistence/statement.repository.js';
import { SandboxRail } from '../../src/modules/rails/adapters/sandbox.rail.js';
import { Database } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { completeAll, executeDue, skipTime, statusesOf, UNHURRIED } from '../support/engine-steps.js';
import {
  applyEvidence,
  bookAgain,
  bookStranger,
  breaksOf,
  executeRun,
  forgetAtBank,
  reconcile,
  requestRun,
  tamper,
} from '../support/reconciliation-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('reconciliation of a statement with our books', () => {
  let worker: TestWorker;
  let database: Database;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, RAIL_VISIBILITY_HORIZON_MS: '0' }, { working: false });
    database = worker.app.get(Database);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app);
  });
  afterAll(async () => {
    try {
      const invariants = await worker.app.get(LedgerQueries, { strict: false }).invariants(database);
      expect(areKept(invariants)).toBe(true);
    } finally {
      await worker.close();
    }
  });

  /** A bulk of these lines after their first submission. */
  async function submitted(...words: string[]): Promise<string> {
    const bulkId = await payer.submit(words.length, (line) => words[line] ?? '');
    await executeDue(worker.app);
    return bulkId;
  }
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

  describe('opens a break, once, when', () => {
    it('the rail booked another amount (amount), and does not take its word about the state', async () => {
      const bulkId = await submitted('Salary', 'sandbox:timeout');
      await tamper(worker.app, bulkId, 0, 'amount_minor = 250');
      await tamper(worker.app, bulkId, 1, `currency = 'USD'`);
      await expect(run()).resolves.toMatchObject({ matched: 0, evidence: 0, breaksOpened: 2 });
      await expect(breaks()).resolves.toMatchObject([
        {
          class: 'amount',
          source: 'statement',
          status: 'open',
          bulkId,
          amountMinor: expect.any(BigInt),
          suspenseMinor: 0n,
          laterFindings: [],
        },
        { class: 'amount' },
      ]);
      const texts = (await breaks()).map(({ expected, found }) => `${expected} / ${found.slice(0, 16)}`).sort();
      expect(texts).toEqual(['in_doubt, 1.00 EUR / settled 1.00 USD', 'settled, 1.00 EUR / settled 2.50 EUR']);
      await applyEvidence(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1, in_doubt: 1 });
    });

    it('the rail booked a payment twice (duplicate), the first ending its doubt', async () => {
      const bulkId = await submitted('sandbox:timeout', 'Salary');
      await bookAgain(worker.app, bulkId, 0);
      await bookAgain(worker.app, bulkId, 1);
      await expect(run()).resolves.toMatchObject({ statementLines: 4, matched: 1, evidence: 1, breaksOpened: 2 });
      await expect(classes()).resolves.toEqual(['duplicate', 'duplicate']);
      await applyEvidence(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 2 });
      await expect(run()).resolves.toMatchObject({ breaksOpened: 0, evidence: 0, matched: 2 });
    });

    it('the rail never booked what we did (missing_there); that it comes later is noted and resolves nothing', async () => {
      const bulkId = await submitted('Salary', 'Salary');
      const [{ transferId } = { transferId: '' }] = await database.query<{ transferId: string }>(
        `SELECT id AS "transferId" FROM transfers WHERE bulk_id = $1 AND line = 0`,
        [bulkId],
      );
      await forgetAtBank(worker.app, bulkId, 0);
      await expect(run()).resolves.toMatchObject({ statementLines: 1, matched: 1, breaksOpened: 1 });
      await expect(breaks()).resolves.toMatchObject([
        { class: 'missing_there', transferId, amountMinor: 100n, found: 'No settled booking on the statement' },
      ]);
      await database.execute(
        `INSERT INTO sandbox_journal (reference, status, amount_minor, currency)
         SELECT replace(id::text, '-', ''), 'settled', 100, 'EUR' FROM transfers WHERE id = $1`,
        [transferId],
      );
      for (let again = 0; again < 2; again++) await run();
      const [found, ...others] = await breaks();
      expect(others).toEqual([]);
      expect(found).toMatchObject({ class: 'missing_there', status: 'open' });
      expect(found?.laterFindings).toEqual([
        { at: expect.any(Date), found: expect.stringContaining('On the statement after all: settled 1.00 EUR') },
      ]);
    });

    it('the rail booked a payment more than a day after we did (late)', async () => {
      const bulkId = await submitted('Salary', 'Salary');
      await database.execute(
        `UPDATE transfers SET settled_at = settled_at - interval '25 hours' WHERE bulk_id = $1 AND line = 0`,
        [bulkId],
      );
      await expect(run()).resolves.toMatchObject({ statementLines: 2, matched: 1, breaksOpened: 1 });
      await expect(classes()).resolves.toEqual(['late']);
    });

    it('the rail contradicts a final state (status): the state stays, the money is on suspense', async () => {
      const bulkId = await submitted('sandbox:reject:AC04', 'Salary');
      await tamper(worker.app, bulkId, 0, `status = 'settled', reason_code = NULL`);
      await tamper(worker.app, bulkId, 1, `status = 'rejected', reason_code = 'AC06'`);
      await run();
      await applyEvidence(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ failed: 1, settled: 1 });
      const found = await breaks();
      // That the statement has no settled booking of what we settled is the same finding, and told once.
      expect(found.map(({ class: one, suspenseMinor }) => `${one} ${suspenseMinor}`).sort()).toEqual([
        'status -100',
        'status 100',
      ]);
      expect(found.find((one) => one.suspenseMinor < 0n)).toMatchObject({
        source: 'evidence',
        expected: 'failed, 1.00 EUR',
        found: expect.stringMatching(/^settled, by statement of /),
      });
      await run();
      await applyEvidence(worker.app);
      await expect(breaks()).resolves.toHaveLength(2);
    });

    it('the rail changes a booking that was imported (amount)', async () => {
      const bulkId = await submitted('Salary');
      await expect(run()).resolves.toMatchObject({ matched: 1 });
      await tamper(worker.app, bulkId, 0, 'amount_minor = 900');
      for (let again = 0; again < 2; again++) await run();
      await expect(breaks()).resolves.toMatchObject([
        { class: 'amount', found: expect.stringContaining('The rail changed it: settled 9.00 EUR') },
      ]);
    });
  });

  it('covers payments that take others back', async () => {
    const bulkId = await payer.submit(2, (line) => (line === 1 ? 'sandbox:reject:AC04' : 'Salary'), {
      on_failure: 'reverse',
    });
    await executeDue(worker.app);
    await worker.app.get(BulkRequestsService, { strict: false }).stop(bulkId);
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

  it('sees references that are nobody’s only with the eyes of the platform (missing_here)', async () => {
    await bookStranger(worker.app, 'a payment of somebody else');
    await run();
    await expect(breaks()).resolves.toEqual([]);
    await reconcile(worker.app);
    await reconcile(worker.app);
    const missing = (await breaksOf(worker.app)).filter((one) => one.class === 'missing_here');
    expect(missing).toMatchObject([
      { organizationId: null, reference: 'a payment of somebody else', amountMinor: 777n, transferId: null },
    ]);
    await expect(breaks()).resolves.toEqual([]);
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
