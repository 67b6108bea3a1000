import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { assertLedgerAddsUp } from '../support/balances.js';
import { statusesOf, UNHURRIED } from '../support/engine-steps.js';
import {
  applyEvidence,
  bookAgain,
  bookStranger,
  breaksOf,
  forgetAtBank,
  reconcile,
  submitLines,
  tamper,
} from '../support/reconciliation-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('a reconciliation run opens a break, once,', () => {
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
  const run = () => reconcile(worker.app, { organizationId: payer.organizationId });
  const breaks = () => breaksOf(worker.app, payer.organizationId);
  const classes = async (): Promise<string[]> => (await breaks()).map((one) => one.class).sort();

  it('when the rail booked another amount (amount), and does not take its word about the state', async () => {
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

  it('when the rail booked a payment twice (duplicate), the first ending its doubt', async () => {
    const bulkId = await submitted('sandbox:timeout', 'Salary');
    await bookAgain(worker.app, bulkId, 0);
    await bookAgain(worker.app, bulkId, 1);
    await expect(run()).resolves.toMatchObject({ statementLines: 4, matched: 1, evidence: 1, breaksOpened: 2 });
    await expect(classes()).resolves.toEqual(['duplicate', 'duplicate']);
    await applyEvidence(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 2 });
    await expect(run()).resolves.toMatchObject({ breaksOpened: 0, evidence: 0, matched: 2 });
  });

  it('when the rail never booked what we did (missing_there); that it comes later is noted and resolves nothing', async () => {
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

  it('when the rail booked a payment more than a day after we did (late)', async () => {
    const bulkId = await submitted('Salary', 'Salary');
    await database.execute(
      `UPDATE transfers SET settled_at = settled_at - interval '25 hours' WHERE bulk_id = $1 AND line = 0`,
      [bulkId],
    );
    await expect(run()).resolves.toMatchObject({ statementLines: 2, matched: 1, breaksOpened: 1 });
    await expect(classes()).resolves.toEqual(['late']);
  });

  it('when the rail contradicts a final state (status): the state stays, the money is on suspense', async () => {
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

  it('when the rail changes a booking that was imported (amount)', async () => {
    const bulkId = await submitted('Salary');
    await expect(run()).resolves.toMatchObject({ matched: 1 });
    await tamper(worker.app, bulkId, 0, 'amount_minor = 900');
    for (let again = 0; again < 2; again++) await run();
    await expect(breaks()).resolves.toMatchObject([
      { class: 'amount', found: expect.stringContaining('The rail changed it: settled 9.00 EUR') },
    ]);
  });

  it('for references that are nobody’s only with the eyes of the platform (missing_here)', async () => {
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
});
