import { AccountsService } from '../../src/modules/accounts/index.js';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { balanceOf, entriesOf } from '../support/balances.js';
import { completeAll, executeDue, finish, runLoop, skipTime, transfersOf, UNHURRIED } from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('money that came back', () => {
  let worker: TestWorker;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
  });
  afterAll(() => finish(worker));

  /** A bulk of these lines, from an account that has just their total, after their first submission. */
  async function submitted(words: string[]) {
    payer = await createPayer(worker.app, `${words.length}.00`);
    const bulkId = await payer.submit(words.length, (line) => words[line] ?? '');
    await executeDue(worker.app);
    return { bulkId, accountId: payer.accountId };
  }
  const collect = async (): Promise<void> => {
    await runLoop(worker.app, 'rail-notices');
    await runLoop(worker.app, 'rail-evidence');
  };
  const bulkOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);

  it('is booked back to the debtor, and its line shown as returned, even after the bulk has ended', async () => {
    const { bulkId, accountId } = await submitted(['sandbox:return', 'Salary']);
    await completeAll(worker.app);
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'completed', counts: { settled: 2 } });
    await skipTime(worker.app);
    for (let turn = 0; turn < 2; turn++) await collect();
    await expect(bulkOf(bulkId)).resolves.toMatchObject({
      status: 'completed',
      counts: { settled: 1, returned: 1 },
      settledMinor: 100n,
      returnedMinor: 100n,
    });
    await expect(entriesOf(worker.app, bulkId)).resolves.toEqual([
      { kind: 'settlement', from: 'customer', to: 'clearing', amount: 100n },
      { kind: 'return', from: 'clearing', to: 'customer', amount: 100n },
      { kind: 'settlement', from: 'customer', to: 'clearing', amount: 100n },
    ]);
    await expect(balanceOf(worker.app, accountId)).resolves.toEqual({ posted: 100n, reserved: 0n });
    await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
      { status: 'returned', failureCode: 'AC04' },
      { status: 'settled' },
    ]);
  });

  it('does not undo that it was paid: a bulk whose only line came back is completed', async () => {
    const { bulkId } = await submitted(['sandbox:return']);
    await skipTime(worker.app);
    await collect();
    await completeAll(worker.app);
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'completed', counts: { returned: 1, settled: 0 } });
  });

  it('goes to suspense when the account of the debtor is closed', async () => {
    const { bulkId, accountId } = await submitted(['sandbox:return']);
    await completeAll(worker.app);
    await worker.app
      .get(AccountsService, { strict: false })
      .changeStatus({ organizationId: payer.organizationId, accountId, status: 'closed' });
    await skipTime(worker.app);
    await collect();
    await expect(entriesOf(worker.app, bulkId)).resolves.toMatchObject([
      { kind: 'settlement' },
      { kind: 'return', from: 'clearing', to: 'suspense', amount: 100n },
    ]);
    await expect(balanceOf(worker.app, accountId)).resolves.toEqual({ posted: 0n, reserved: 0n });
  });
});
