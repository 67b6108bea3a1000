import { type NewEvidence, TransfersService } from '../../src/modules/transfers/index.js';
import { PLATFORM, UnitOfWork } from '../../src/platform/database/index.js';
import { creditTransfers, submitBulk } from '../factories/bulk-requests.js';
import { createFundedAccount, createOrganization } from '../factories/organizations.js';
import { balanceOf, postedByKind } from '../support/balances.js';
import {
  completeAll,
  executeDue,
  finish,
  runLoop,
  statusesOf,
  submissionsOf,
  submitExactly,
  transfersOf,
  UNHURRIED,
} from '../support/engine-steps.js';
import { outcomesOf, sayOfLine } from '../support/evidence-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('evidence that contradicts what is known for certain', () => {
  let worker: TestWorker;
  let organizationId: string;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    organizationId = (await createOrganization(worker.app)).id;
  });
  afterAll(() => finish(worker, { open }));

  const submitted = (words: string[]) => submitExactly(worker.app, organizationId, words);
  const say = (bulkId: string, line: number, status: NewEvidence['status'], values: Partial<NewEvidence> = {}) =>
    sayOfLine(worker.app, bulkId, line, status, values);
  const apply = () => runLoop(worker.app, 'rail-evidence');
  /** What suspense has of the organization's money. */
  const suspense = async (): Promise<bigint> => (await postedByKind(worker.app, organizationId))['suspense'] ?? 0n;

  it.each<[string, NewEvidence['status'], bigint]>([
    ['Salary', 'rejected', 100n],
    ['sandbox:reject:AC06', 'settled', -100n],
    ['sandbox:reject:AC06', 'returned', 0n],
  ])('changes no state, and shows on suspense (%s, then told it was %s: %s)', async (words, status, moved) => {
    const { bulkId, accountId } = await submitted([words]);
    await completeAll(worker.app);
    const before = [await transfersOf(worker.app, bulkId), await balanceOf(worker.app, accountId)];
    const suspended = await suspense();
    await say(bulkId, 0, status);
    await apply();
    await expect(outcomesOf(worker.app, bulkId)).resolves.toEqual(['contradiction']);
    expect([await transfersOf(worker.app, bulkId), await balanceOf(worker.app, accountId)]).toEqual(before);
    await expect(suspense()).resolves.toBe(suspended + moved);
  });

  it('is booked once, however often and by whomever it is said', async () => {
    const { bulkId } = await submitted(['sandbox:reject:AC06']);
    await completeAll(worker.app);
    const suspended = await suspense();
    for (const source of ['callback', 'statement'] as const) {
      await say(bulkId, 0, 'settled', { source });
      await apply();
    }
    await say(bulkId, 0, 'settled', { source: 'statement' });
    await apply();
    await expect(outcomesOf(worker.app, bulkId)).resolves.toEqual(['contradiction', 'contradiction']);
    await expect(suspense()).resolves.toBe(suspended - 100n);
  });

  it('is told to whoever reconciles, once, with what it did to suspense', async () => {
    const { bulkId } = await submitted(['Salary']);
    await say(bulkId, 0, 'rejected');
    await apply();
    const transfers = worker.app.get(TransfersService, { strict: false });
    const take = () => worker.app.get(UnitOfWork).run(PLATFORM, (tx) => transfers.takeUnreported(tx, 100));
    const told = (await take()).filter((item) => item.bulkId === bulkId);
    expect(told).toMatchObject([
      { outcome: 'contradiction', status: 'rejected', transferStatus: 'settled', suspenseMinor: 100n },
    ]);
    await expect(take()).resolves.toEqual([]);
  });

  it('that a line was paid which was never sent keeps it from being sent, and a person looks at it', async () => {
    const account = await createFundedAccount(worker.app, { organizationId, amount: '1.00' });
    const submission = { debtor_account_id: account.id, credit_transfers: creditTransfers(1) };
    const { bulkId } = await submitBulk(worker.app, organizationId, submission);
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(outcomesOf(worker.app, bulkId)).resolves.toEqual(['contradiction']);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ manual_review: 1 });
    await executeDue(worker.app);
    expect(await submissionsOf(worker.app, bulkId)).toEqual([0]);
    open.push(bulkId);
  });
});
