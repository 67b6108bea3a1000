import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { balanceOf, entriesOf, postedByKind } from '../support/balances.js';
import { completeAll, executeDue, finish, runLoop, statusesOf, UNHURRIED, workOff } from '../support/engine-steps.js';
import { outcomesOf, sayOfLine } from '../support/evidence-steps.js';
import { breaksOf, reconcile } from '../support/reconciliation-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { untilSomebodyWaits } from '../support/transfer-steps.js';
import { ownerOf } from '../support/owner.js';

/** The reversal has it back, and the bank sends it back, too: the payment came once, so the debtor gets it once. */
describe('a payment that comes back twice', () => {
  let worker: TestWorker;
  let payer: Payer;
  const contradicted: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app, '2.00');
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { contradicted }));

  /** A bulk of two euros that paid one, with the reversal that is to take it back, not sent yet. */
  async function reversing(word = 'Salary'): Promise<{ bulkId: string; reversalId: string }> {
    const words = [word, 'sandbox:reject:AC04'];
    const bulkId = await payer.submit(2, (line) => words[line] ?? '', { on_failure: 'reverse' });
    await executeDue(worker.app);
    await completeAll(worker.app);
    const [reversal] = await ownerOf(worker.app).query<{ id: string }>(
      `SELECT id FROM bulk_requests WHERE origin_id = $1`,
      [bulkId],
    );
    return { bulkId, reversalId: reversal?.id ?? '' };
  }
  const comesBack = (bulkId: string): Promise<void> => sayOfLine(worker.app, bulkId, 0, 'returned');
  const apply = () => runLoop(worker.app, 'rail-evidence');
  const SECOND = { from: 'clearing', to: 'suspense', amount: 100n };
  /** Once with the debtor, once on suspense, and what the payment took from clearing twice. */
  const expectTwice = async (): Promise<void> => {
    await expect(balanceOf(worker.app, payer.accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    await expect(postedByKind(worker.app, payer.organizationId)).resolves.toEqual({
      customer: 200n,
      clearing: -100n,
      suspense: 100n,
    });
  };

  it('by its reversal first: what its bank returns goes to suspense, and a person is told', async () => {
    const { bulkId, reversalId } = await reversing();
    await workOff(worker.app);
    await expect(balanceOf(worker.app, payer.accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    await comesBack(bulkId);
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ returned: 1, failed: 1 });
    await expect(statusesOf(worker.app, reversalId)).resolves.toEqual({ settled: 1 });
    await expect(entriesOf(worker.app, bulkId)).resolves.toMatchObject([
      { kind: 'settlement' },
      { kind: 'return', ...SECOND },
    ]);
    await expectTwice();
    await reconcile(worker.app, { organizationId: payer.organizationId });
    await expect(breaksOf(worker.app, payer.organizationId)).resolves.toMatchObject([
      { class: 'status', bulkId, suspenseMinor: 100n, found: expect.stringContaining('came back twice') },
    ]);
  });

  it('by its bank first: what the reversal takes back goes to suspense, and a person is told', async () => {
    const { bulkId, reversalId } = await reversing();
    await comesBack(bulkId);
    await apply();
    await expect(balanceOf(worker.app, payer.accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    await workOff(worker.app);
    await expect(statusesOf(worker.app, reversalId)).resolves.toEqual({ settled: 1 });
    await expect(entriesOf(worker.app, reversalId)).resolves.toMatchObject([{ kind: 'reversal', ...SECOND }]);
    await expectTwice();
    await reconcile(worker.app, { organizationId: payer.organizationId });
    await expect(breaksOf(worker.app, payer.organizationId)).resolves.toMatchObject([
      { class: 'status', bulkId: reversalId, suspenseMinor: 100n, found: expect.stringContaining('came back twice') },
    ]);
  });

  it('at the very same moment: whoever is recorded first gives it to the debtor', async () => {
    const { bulkId, reversalId } = await reversing();
    await comesBack(bulkId);
    const recorder = worker.app.get(RecordMoves, { strict: false });
    const record = recorder.record.bind(recorder);
    let applying: Promise<void> | undefined;
    // The reversal is recorded, and not committed, when the return is applied.
    jest.spyOn(recorder, 'record').mockImplementationOnce(async (...input) => {
      const recorded = await record(...input);
      applying = apply();
      await untilSomebodyWaits(worker.app);
      return recorded;
    });
    await executeDue(worker.app);
    await applying;
    await expect(entriesOf(worker.app, reversalId)).resolves.toMatchObject([{ kind: 'reversal', to: 'customer' }]);
    await expect(entriesOf(worker.app, bulkId)).resolves.toMatchObject([{}, { kind: 'return', ...SECOND }]);
    await expectTwice();
  });

  it('the other way round, too', async () => {
    const { bulkId, reversalId } = await reversing();
    await comesBack(bulkId);
    const recorder = worker.app.get(RecordMoves, { strict: false });
    const record = recorder.record.bind(recorder);
    let executing: Promise<unknown> | undefined;
    jest.spyOn(recorder, 'record').mockImplementationOnce(async (...input) => {
      const recorded = await record(...input);
      executing = executeDue(worker.app);
      await untilSomebodyWaits(worker.app);
      return recorded;
    });
    await apply();
    await executing;
    await expect(entriesOf(worker.app, bulkId)).resolves.toMatchObject([{}, { kind: 'return', to: 'customer' }]);
    await expect(entriesOf(worker.app, reversalId)).resolves.toMatchObject([{ kind: 'reversal', ...SECOND }]);
    await expectTwice();
  });

  it('does not when its reversal was refused: what its bank returns is the debtor’s', async () => {
    const { bulkId, reversalId } = await reversing('sandbox:irreversible');
    await executeDue(worker.app);
    await expect(statusesOf(worker.app, reversalId)).resolves.toEqual({ manual_review: 1 });
    await comesBack(bulkId);
    await apply();
    await expect(balanceOf(worker.app, payer.accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    await sayOfLine(worker.app, reversalId, 0, 'settled');
    contradicted.push(reversalId); // the sandbox itself refused it
    await apply();
    await expectTwice();
  });

  it('and one whose reversal is undone by its bank contradicts our books: nobody is debited for it', async () => {
    const { reversalId } = await reversing();
    await workOff(worker.app);
    await sayOfLine(worker.app, reversalId, 0, 'returned');
    await apply();
    await expect(outcomesOf(worker.app, reversalId)).resolves.toEqual(['contradiction']);
    await expect(statusesOf(worker.app, reversalId)).resolves.toEqual({ settled: 1 });
    await expect(balanceOf(worker.app, payer.accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    await expect(postedByKind(worker.app, payer.organizationId)).resolves.toEqual({
      customer: 200n,
      clearing: 100n,
      suspense: -100n,
    });
    await runLoop(worker.app, 'reconciliation-evidence');
    await expect(breaksOf(worker.app, payer.organizationId)).resolves.toMatchObject([
      { class: 'status', bulkId: reversalId, suspenseMinor: -100n },
    ]);
  });
});
