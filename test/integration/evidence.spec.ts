import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import type { EvidenceStatus } from '../../src/modules/transfers/domain/decide-evidence.js';
import { EvidenceRepository, type NewEvidence } from '../../src/modules/transfers/persistence/evidence.repository.js';
import { railReference, transferIdOf } from '../../src/domain/ids.js';
import { TransfersService } from '../../src/modules/transfers/index.js';
import { Database, UnitOfWork } from '../../src/platform/database/index.js';
import { creditTransfers, submitBulk } from '../factories/bulk-requests.js';
import { createFundedAccount, createOrganization } from '../factories/organizations.js';
import {
  completeAll,
  executeDue,
  expireLease,
  finish,
  loseChunk,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  submissionsOf,
  takeChunk,
  transfersOf,
  UNHURRIED,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('evidence', () => {
  let worker: TestWorker;
  let database: Database;
  let organizationId: string;
  const contradicted: string[] = [];
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    database = worker.app.get(Database);
    organizationId = (await createOrganization(worker.app)).id;
  });
  afterAll(() => finish(worker, { contradicted, open }));

  /** A bulk of these lines, from an account that has just their total, after their first submission. */
  async function submitted(words: string[], values: Partial<Submission> = {}) {
    const account = await createFundedAccount(worker.app, { organizationId, amount: `${words.length}.00` });
    const { bulkId } = await submitBulk(worker.app, organizationId, {
      debtor_account_id: account.id,
      credit_transfers: creditTransfers(words.length, (line) => words[line] ?? ''),
      ...values,
    });
    await executeDue(worker.app);
    return { bulkId, accountId: account.id };
  }
  const say = async (bulkId: string, line: number, status: EvidenceStatus, values: Partial<NewEvidence> = {}) => {
    const transfer = (await transfersOf(worker.app, bulkId)).find((one) => one.line === line);
    const reference = railReference(transfer?.id ?? '');
    const item: NewEvidence = {
      organizationId,
      rail: 'sandbox',
      reference,
      transferId: transferIdOf(reference),
      source: 'callback',
      status,
      reasonCode: status === 'rejected' || status === 'returned' ? 'AC04' : null,
      railId: null,
      ...values,
    };
    await worker.app.get(EvidenceRepository, { strict: false }).insert(database, [item]);
  };
  const apply = () => runLoop(worker.app, 'rail-evidence');
  const outcomesOf = async (bulkId: string): Promise<(string | null)[]> =>
    (
      await database.query<{ outcome: string | null }>(
        `SELECT e.outcome FROM rail_evidence e JOIN transfers t ON t.id = e.transfer_id
          WHERE t.bulk_id = $1 ORDER BY e.received_at, e.id`,
        [bulkId],
      )
    ).map(({ outcome }) => outcome);
  const bulkOf = (bulkId: string) => worker.app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);
  const balanceOf = async (accountId: string) => {
    const [row] = await database.query<{ posted: bigint; reserved: bigint }>(
      `SELECT posted_minor AS posted, reserved_minor AS reserved FROM accounts WHERE id = $1`,
      [accountId],
    );
    return row;
  };
  const entriesOf = (bulkId: string) =>
    database.query<{ kind: string; from: string; to: string; amount: bigint }>(
      `SELECT e.kind, d.kind AS "from", c.kind AS "to", e.amount_minor AS amount
         FROM ledger_entries e JOIN transfers t ON t.id = e.transfer_id
         JOIN accounts d ON d.id = e.debit_account_id JOIN accounts c ON c.id = e.credit_account_id
        WHERE t.bulk_id = $1 ORDER BY t.line, e.id`,
      [bulkId],
    );

  describe('ends what is open', () => {
    it('and with the last line the bulk, without waiting for the next time the rail would be asked', async () => {
      const { bulkId, accountId } = await submitted(['sandbox:accept', 'sandbox:accept']);
      await say(bulkId, 0, 'settled');
      await apply();
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1, submitted: 1 });
      await expect(openChunksOf(worker.app, bulkId)).resolves.toHaveLength(1);
      await say(bulkId, 1, 'settled');
      await apply();
      await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
      await expect(
        database.query(`SELECT job FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`]),
      ).resolves.toEqual([{ job: 'complete-bulk-request' }]);
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({
        status: 'completed',
        counts: { settled: 2, submitted: 0 },
      });
      await expect(balanceOf(accountId)).resolves.toEqual({ posted: 0n, reserved: 0n });
    });

    it('as not paid, too: the money is free again', async () => {
      const { bulkId, accountId } = await submitted(['sandbox:accept', 'Salary']);
      contradicted.push(bulkId); // the sandbox itself would have settled it
      await say(bulkId, 0, 'rejected');
      await apply();
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'failed', failureCode: 'AC04', attention: null },
        { status: 'settled' },
      ]);
      await expect(balanceOf(accountId)).resolves.toEqual({ posted: 100n, reserved: 0n });
    });

    it('and stops a bulk whose policy says so', async () => {
      const { bulkId } = await submitted(['sandbox:accept'], { on_failure: 'stop' });
      contradicted.push(bulkId);
      await say(bulkId, 0, 'rejected');
      await apply();
      await expect(database.query(`SELECT job FROM outbox WHERE dedupe_key = $1`, [`stop:${bulkId}`])).resolves.toEqual(
        [{ job: 'stop-bulk-request' }],
      );
    });

    it('also when a person was already to look at it', async () => {
      const { bulkId } = await submitted(['sandbox:timeout']);
      for (let death = 0; death < 3; death++) {
        await skipTime(worker.app);
        await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      }
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ manual_review: 1 });
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'processing', counts: { manualReview: 1 } });
      await say(bulkId, 0, 'settled');
      await apply();
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'completed' });
    });
  });

  describe('changes nothing twice', () => {
    it('when the same word comes again, or from somebody else', async () => {
      const { bulkId } = await submitted(['sandbox:accept']);
      await say(bulkId, 0, 'settled');
      await say(bulkId, 0, 'settled');
      await apply();
      await say(bulkId, 0, 'settled');
      await say(bulkId, 0, 'settled', { source: 'statement' });
      await apply();
      await expect(outcomesOf(bulkId)).resolves.toEqual(['applied', 'redundant']);
      await expect(entriesOf(bulkId)).resolves.toHaveLength(1);
    });

    it('when several processes apply it at once', async () => {
      const { bulkId } = await submitted(Array<string>(20).fill('sandbox:accept'));
      for (let line = 0; line < 20; line++) await say(bulkId, line, 'settled');
      await Promise.all([apply(), apply(), apply(), apply()]);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 20 });
      await expect(entriesOf(bulkId)).resolves.toHaveLength(20);
    });
  });

  it('takes one word at a time about a line', async () => {
    const { bulkId } = await submitted(['sandbox:timeout']);
    await say(bulkId, 0, 'accepted');
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1 });
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
    await expect(outcomesOf(bulkId)).resolves.toEqual(['applied', 'applied']);
  });

  it('waits while a worker has the line', async () => {
    const { bulkId } = await submitted(['sandbox:accept']);
    await skipTime(worker.app);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    await takeChunk(worker.app, id);
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1 });
    await expireLease(worker.app, id);
    await runLoop(worker.app, 'sweep-chunks');
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
  });

  it('waits, too, when a worker takes the line in the moment it is applied', async () => {
    const { bulkId } = await submitted(['sandbox:accept']);
    await skipTime(worker.app);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    await say(bulkId, 0, 'settled');
    const evidence = worker.app.get(EvidenceRepository, { strict: false });
    const findOpen = evidence.findOpen.bind(evidence);
    jest.spyOn(evidence, 'findOpen').mockImplementationOnce(async (limit) => {
      const found = await findOpen(limit);
      await takeChunk(worker.app, id);
      return found;
    });
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1 });
    await expect(outcomesOf(bulkId)).resolves.toEqual([null]);
    await expireLease(worker.app, id);
    await runLoop(worker.app, 'sweep-chunks');
    await apply(); // it is in another chunk now
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
  });

  describe('that contradicts a final state', () => {
    /** What suspense has of the organization's money, in minor units. */
    const suspense = async (): Promise<bigint> => {
      const [row] = await database.query<{ posted: bigint }>(
        `SELECT posted_minor AS posted FROM accounts WHERE organization_id = $1 AND kind = 'suspense'`,
        [organizationId],
      );
      return row?.posted ?? 0n;
    };

    it.each<[string, EvidenceStatus, bigint]>([
      ['Salary', 'rejected', 100n],
      ['sandbox:reject:AC06', 'settled', -100n],
      ['sandbox:reject:AC06', 'returned', 0n],
    ])('changes no state, and shows on suspense (%s, then told it was %s: %s)', async (words, status, moved) => {
      const { bulkId, accountId } = await submitted([words]);
      await completeAll(worker.app);
      const before = [await transfersOf(worker.app, bulkId), await balanceOf(accountId)];
      const suspended = await suspense();
      await say(bulkId, 0, status);
      await apply();
      await expect(outcomesOf(bulkId)).resolves.toEqual(['contradiction']);
      expect([await transfersOf(worker.app, bulkId), await balanceOf(accountId)]).toEqual(before);
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
      await expect(outcomesOf(bulkId)).resolves.toEqual(['contradiction', 'contradiction']);
      await expect(suspense()).resolves.toBe(suspended - 100n);
    });

    it('is told to whoever reconciles, once, with what it did to suspense', async () => {
      const { bulkId } = await submitted(['Salary']);
      await say(bulkId, 0, 'rejected');
      await apply();
      const transfers = worker.app.get(TransfersService, { strict: false });
      const take = () => worker.app.get(UnitOfWork).run((tx) => transfers.takeUnreported(tx, 100));
      const told = (await take()).filter((item) => item.bulkId === bulkId);
      expect(told).toMatchObject([
        { outcome: 'contradiction', status: 'rejected', transferStatus: 'settled', suspenseMinor: 100n },
      ]);
      await expect(take()).resolves.toEqual([]);
    });
  });

  it('that a line was paid which was never sent keeps it from being sent, and a person looks at it', async () => {
    const account = await createFundedAccount(worker.app, { organizationId, amount: '1.00' });
    const submission = { debtor_account_id: account.id, credit_transfers: creditTransfers(1) };
    const { bulkId } = await submitBulk(worker.app, organizationId, submission);
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(outcomesOf(bulkId)).resolves.toEqual(['contradiction']);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ manual_review: 1 });
    await executeDue(worker.app);
    expect(await submissionsOf(worker.app, bulkId)).toEqual([0]);
    open.push(bulkId);
  });

  it('about a reference that is not ours is put aside, and blocks nothing', async () => {
    const { bulkId } = await submitted(['sandbox:accept']);
    await say(bulkId, 0, 'settled', { reference: 'a bank of its own', transferId: null });
    const unknown = '0198f2c17f3a7c318b0e1d2f3a4b5c6e';
    await say(bulkId, 0, 'settled', { reference: unknown, transferId: transferIdOf(unknown) });
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(
      database.query(`SELECT outcome FROM rail_evidence WHERE reference IN ('a bank of its own', $1)`, [unknown]),
    ).resolves.toEqual([{ outcome: 'unmatched' }, { outcome: 'unmatched' }]);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
  });

  it('that cannot be recorded waits, and does not hold up that of other bulks', async () => {
    const [first, second] = [await submitted(['sandbox:accept']), await submitted(['sandbox:accept'])];
    await say(first.bulkId, 0, 'settled');
    await say(second.bulkId, 0, 'settled');
    jest.spyOn(worker.app.get(RecordMoves, { strict: false }), 'record').mockRejectedValueOnce(new Error('no'));
    await apply();
    await expect(statusesOf(worker.app, first.bulkId)).resolves.toEqual({ submitted: 1 });
    await expect(statusesOf(worker.app, second.bulkId)).resolves.toEqual({ settled: 1 });
    await apply();
    await expect(statusesOf(worker.app, first.bulkId)).resolves.toEqual({ settled: 1 });
  });

  it('that money came back is kept until it is known that it was paid', async () => {
    const { bulkId } = await submitted(['sandbox:timeout']);
    await say(bulkId, 0, 'returned');
    await apply();
    await expect(outcomesOf(bulkId)).resolves.toEqual([null]);
    await skipTime(worker.app);
    await executeDue(worker.app); // asks the rail: it was executed
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ returned: 1 });
    await expect(outcomesOf(bulkId)).resolves.toEqual(['applied']);
  });
});
