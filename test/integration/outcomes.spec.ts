import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { type Rail, RailsService, SANDBOX } from '../../src/modules/rails/index.js';
import { TransfersQueries } from '../../src/modules/transfers/index.js';
import { railReference } from '../../src/domain/ids.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { creditTransfers, submitBulk } from '../factories/bulk-requests.js';
import { createFundedAccount, createOrganization } from '../factories/organizations.js';
import {
  completeAll,
  executeDue,
  executeNext,
  finish,
  onlyChunkOf,
  openChunksOf,
  skipTime,
  statusesOf,
  transfersOf,
  UNHURRIED,
  workOff,
  stopBulk,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('what becomes of lines', () => {
  let worker: TestWorker;
  let database: Queryable;
  let organizationId: string;
  let accountId: string;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10', TRANSFER_MAX_ATTEMPTS: '3' }, { working: false });
    database = ownerOf(worker.app);
    organizationId = (await createOrganization(worker.app)).id;
  });
  beforeEach(async () => {
    accountId = (await createFundedAccount(worker.app, { organizationId, amount: '100.00' })).id;
  });
  afterAll(() => finish(worker, { open }));

  const accepted = async (
    lines: number,
    describeLine: (line: number) => string,
    values: Partial<Submission> = {},
  ): Promise<string> => {
    const submission = {
      debtor_account_id: accountId,
      credit_transfers: creditTransfers(lines, describeLine),
      ...values,
    };
    return (await submitBulk(worker.app, organizationId, submission)).bulkId;
  };
  const bulkOf = (bulkId: string) => worker.app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);
  const available = async (): Promise<bigint | undefined> => {
    const [row] = await database.query<{ available: bigint }>(
      `SELECT posted_minor - reserved_minor AS available FROM accounts WHERE id = $1`,
      [accountId],
    );
    return row?.available;
  };
  const journalOf = async (bulkId: string): Promise<(string | undefined)[]> => {
    const lines = await transfersOf(worker.app, bulkId);
    const rows = await database.query<{ reference: string; status: string }>(
      `SELECT reference, status FROM sandbox_journal`,
    );
    const journal = new Map(rows.map(({ reference, status }) => [reference, status]));
    return lines.map((line) => journal.get(railReference(line.id)));
  };

  describe('that the rail does not take', () => {
    it('go out again until it does, together, each time later', async () => {
      const bulkId = await accepted(4, (line) => (line < 2 ? 'sandbox:retry:2' : 'Salary'));
      await executeDue(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 2, settled: 2 });
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({
        purpose: 'submit',
        tries: 1,
        lineCount: 2,
      });
      await skipTime(worker.app);
      await executeDue(worker.app);
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ tries: 2, lineCount: 2 });
      await workOff(worker.app);
      const lines = await transfersOf(worker.app, bulkId);
      expect(lines.map(({ status, attempts }) => [status, attempts])).toEqual([
        ['settled', 3],
        ['settled', 3],
        ['settled', 1],
        ['settled', 1],
      ]);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'completed' });
    });

    it('fail after the last attempt, were never executed, and their money is free', async () => {
      const bulkId = await accepted(2, (line) => (line === 0 ? 'sandbox:retry:3' : 'Salary'));
      await workOff(worker.app);
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'failed', attempts: 3, failureCode: 'attempts_exhausted' },
        { status: 'settled' },
      ]);
      await expect(journalOf(bulkId)).resolves.toEqual([undefined, 'settled']);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'partially_completed', failedMinor: 100n });
      await expect(available()).resolves.toBe(9_900n);
    });
  });

  describe('that the rail rejects', () => {
    it('fail at once, with its reason, and the others go on', async () => {
      const bulkId = await accepted(25, (line) => (line === 3 ? 'sandbox:reject:AC04' : 'Salary'));
      await workOff(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({
        status: 'partially_completed',
        counts: { settled: 24, failed: 1 },
      });
      const [failed] = (await transfersOf(worker.app, bulkId)).filter(({ status }) => status === 'failed');
      expect(failed).toMatchObject({ line: 3, attempts: 1, failureCode: 'AC04' });
    });

    it('all of them, leave a bulk that failed', async () => {
      const bulkId = await accepted(2, () => 'sandbox:reject:AC04');
      await workOff(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'failed', counts: { failed: 2 } });
      await expect(available()).resolves.toBe(10_000n);
    });
  });

  describe('that the rail accepts first', () => {
    it('are asked for until they have settled, and shown as submitted meanwhile', async () => {
      const bulkId = await accepted(1, () => 'sandbox:accept');
      await executeDue(worker.app);
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'submitted', attention: 'submitted', attempts: 1 },
      ]);
      await workOff(worker.app);
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'settled', attention: null, attempts: 1 },
      ]);
      const [line] = await transfersOf(worker.app, bulkId);
      const queries = worker.app.get(TransfersQueries, { strict: false });
      const { history, attempts } = await queries.get(organizationId, line?.id ?? '', false);
      expect(history.map(({ status }) => status)).toEqual(['pending', 'submitted', 'settled']);
      expect(attempts).toMatchObject([{ number: 1, outcome: 'submitted' }]);
    });
  });

  it('that are in doubt are asked for also while the rail takes no payments for now', async () => {
    const rail: Rail = worker.app.get(RailsService, { strict: false }).get(SANDBOX);
    const bulkId = await accepted(1, () => 'sandbox:timeout');
    await executeDue(worker.app);
    const paused = jest
      .spyOn(rail, 'pausedForMs')
      .mockImplementation((operation) => (operation === 'submit' ? 60_000 : 0));
    try {
      await skipTime(worker.app);
      await executeDue(worker.app);
    } finally {
      paused.mockRestore();
    }
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
    await workOff(worker.app);
  });

  describe('of a bulk that is to stop at the first failure', () => {
    const stop = async (bulkId: string): Promise<void> => {
      await expect(
        database.query(`SELECT payload FROM outbox WHERE dedupe_key = $1`, [`stop:${bulkId}`]),
      ).resolves.toEqual([{ payload: { bulkId } }]);
      await stopBulk(worker.app, bulkId);
    };

    it('are cancelled when they were not sent, and only what was paid is paid', async () => {
      const bulkId = await accepted(30, (line) => (line === 3 ? 'sandbox:reject:AC04' : 'Salary'), {
        on_failure: 'stop',
      });
      await expect(executeNext(worker.app)).resolves.toMatchObject({ movedTo: { settled: 9, failed: 1 } });
      await stop(bulkId);
      await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({
        status: 'partially_completed',
        counts: { settled: 9, failed: 1, cancelled: 20 },
        cancelledMinor: 2_000n,
      });
      await expect(available()).resolves.toBe(10_000n - 900n);
    });

    it('leave it failed when nothing was paid', async () => {
      const bulkId = await accepted(20, () => 'sandbox:reject:AC04', { on_failure: 'stop' });
      await executeNext(worker.app);
      await stop(bulkId);
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'failed', counts: { failed: 10, cancelled: 10 } });
      await expect(available()).resolves.toBe(10_000n);
    });

    it('are cancelled where they wait for another attempt, however long that would take', async () => {
      const words = ['sandbox:reject:AC04', 'sandbox:retry:2'];
      const bulkId = await accepted(2, (line) => words[line] ?? '', { on_failure: 'stop' });
      await executeNext(worker.app);
      await stop(bulkId);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ failed: 1, cancelled: 1 });
    });

    it('are still asked for when they are in doubt, and end as the rail says', async () => {
      const words = ['sandbox:reject:AC04', 'sandbox:timeout'];
      const bulkId = await accepted(2, (line) => words[line] ?? '', { on_failure: 'stop' });
      await executeNext(worker.app);
      await stop(bulkId);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ failed: 1, in_doubt: 1 });
      await workOff(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({
        status: 'partially_completed',
        counts: { settled: 1, failed: 1 },
      });
    });

    it('go to a person when they were possibly sent once and are to be sent again', async () => {
      const words = ['sandbox:reject:AC04', 'sandbox:lost'];
      const bulkId = await accepted(2, (line) => words[line] ?? '', { on_failure: 'stop' });
      await executeNext(worker.app);
      await stop(bulkId);
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ failed: 1, manual_review: 1 });
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'cancelling', completedAt: null });
      await expect(available()).resolves.toBe(9_900n); // not free: it may have been paid
      open.push(bulkId);
    });

    it('are stopped when the failure is found while it is paused', async () => {
      const bulkId = await accepted(1, () => 'sandbox:reject:AC04', { on_failure: 'stop' });
      const other = await accepted(11, (line) => (line === 0 ? 'sandbox:accept' : 'Salary'), { on_failure: 'stop' });
      await executeNext(worker.app);
      await stop(bulkId);
      await executeNext(worker.app);
      await database.execute(`UPDATE bulk_requests SET status = 'paused' WHERE id = $1`, [other]);
      await database.execute(
        `UPDATE sandbox_journal SET status = 'rejected', reason_code = 'AC04' WHERE status = 'accepted'
            AND reference IN (SELECT replace(id::text, '-', '') FROM transfers WHERE bulk_id = $1)`,
        [other],
      );
      await skipTime(worker.app);
      await executeDue(worker.app);
      await stop(other);
      await completeAll(worker.app);
      await expect(bulkOf(other)).resolves.toMatchObject({
        status: 'partially_completed',
        counts: { settled: 9, failed: 1, cancelled: 1 },
      });
    });

    it('are stopped once: doing it again changes nothing', async () => {
      const bulkId = await accepted(20, (line) => (line === 0 ? 'sandbox:reject:AC04' : 'Salary'), {
        on_failure: 'stop',
      });
      await executeNext(worker.app);
      await stop(bulkId);
      const before = await transfersOf(worker.app, bulkId);
      await stop(bulkId);
      await completeAll(worker.app);
      await stopBulk(worker.app, bulkId);
      await expect(transfersOf(worker.app, bulkId)).resolves.toEqual(before);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'partially_completed' });
    });

    it('are left alone when another bulk fails', async () => {
      const bulkId = await accepted(20, (line) => (line === 0 ? 'sandbox:reject:AC04' : 'Salary'));
      await executeNext(worker.app);
      await expect(database.query(`SELECT 1 FROM outbox WHERE dedupe_key = $1`, [`stop:${bulkId}`])).resolves.toEqual(
        [],
      );
    });
  });
});
