import { LeaseChunk } from '../../src/modules/transfers/application/lease-chunk.js';
import { TransfersQueries } from '../../src/modules/transfers/index.js';
import type { Rail } from '../../src/modules/rails/index.js';
import { RailsService } from '../../src/modules/rails/index.js';
import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import { ExecuteChunk } from '../../src/modules/transfers/application/execute-chunk.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import { railReference } from '../../src/domain/ids.js';
import { Database } from '../../src/platform/database/index.js';
import { creditTransfers, submitBulk } from '../factories/bulk-requests.js';
import { createFundedAccount, createOrganization } from '../factories/organizations.js';
import {
  executeDue,
  expireLease,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  transfersOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { assertInvariants } from '../support/invariants.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

/** A promise somebody else keeps. */
function gate(): { passed: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

describe('the lease of a chunk', () => {
  let worker: TestWorker;
  let database: Database;
  let rail: Rail;
  let organizationId: string;
  let accountId: string;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = worker.app.get(Database);
    rail = worker.app.get(RailsService, { strict: false }).get('sandbox');
    organizationId = (await createOrganization(worker.app)).id;
    accountId = (await createFundedAccount(worker.app, { organizationId, amount: '10000.00' })).id;
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await workOff(worker.app);
    await assertInvariants(database, { open });
    await worker.close();
  });

  const accepted = async (lines: number, describeLine?: (line: number) => string): Promise<string> => {
    const submission = {
      debtor_account_id: accountId,
      credit_transfers: creditTransfers(lines, describeLine),
      metadata: { test: `${lines} ${Math.random()}` },
    };
    return (await submitBulk(worker.app, organizationId, submission)).bulkId;
  };
  const execute = (chunkId: string) => worker.app.get(ExecuteChunk, { strict: false }).execute(chunkId);
  const take = (chunkId: string) => worker.app.get(LeaseChunk, { strict: false }).take(chunkId);
  const sweep = () => runLoop(worker.app, 'sweep-chunks');
  /** The chunk's worker took it and was never heard of again. */
  const lose = async (chunkId: string): Promise<void> => {
    await expect(take(chunkId)).resolves.toHaveProperty('token');
    await expireLease(worker.app, chunkId);
    await sweep();
  };
  const executedAtRail = async (bulkId: string): Promise<number[]> => {
    const lines = await transfersOf(worker.app, bulkId);
    const journal = await database.query<{ reference: string; submissions: number }>(
      `SELECT reference, submissions FROM sandbox_journal WHERE reference = ANY($1::text[])`,
      [lines.map((line) => railReference(line.id))],
    );
    const submissions = new Map(journal.map((entry) => [entry.reference, entry.submissions]));
    return lines.map((line) => submissions.get(railReference(line.id)) ?? 0);
  };
  const evidenceOf = (bulkId: string) =>
    database.query<{ source: string; status: string; outcome: string | null }>(
      `SELECT e.source, e.status, e.outcome FROM rail_evidence e JOIN transfers t ON t.id = e.transfer_id
        WHERE t.bulk_id = $1 ORDER BY t.line, e.received_at`,
      [bulkId],
    );

  describe('is held by one worker at a time', () => {
    it('so a job that is there twice changes nothing', async () => {
      const bulkId = await accepted(10);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const reports = await Promise.all(Array.from({ length: 5 }, () => execute(id)));
      expect(reports.map(({ ended }) => ended).sort()).toEqual([...Array<string>(4).fill('nothing_to_do'), 'recorded']);
      await expect(execute(id)).resolves.toMatchObject({ ended: 'nothing_to_do' });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 10 });
      expect(new Set(await executedAtRail(bulkId))).toEqual(new Set([1]));
    });

    it('so a job for a chunk that does not exist does nothing', async () => {
      await expect(execute('0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e')).resolves.toMatchObject({
        ended: 'nothing_to_do',
        bulkId: null,
      });
    });

    it('and cannot be had before the chunk is due', async () => {
      const bulkId = await accepted(1, () => 'sandbox:retry:1');
      await executeDue(worker.app);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await database.execute(`UPDATE chunks SET due_at = now() + interval '1 hour' WHERE id = $1`, [id]);
      await expect(execute(id)).resolves.toMatchObject({ ended: 'nothing_to_do' });
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([{ status: 'pending', attempts: 1 }]);
    });

    it('and is left alone by the sweep while it lasts', async () => {
      const bulkId = await accepted(3);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await take(id);
      await sweep();
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ id, status: 'leased' });
      await expireLease(worker.app, id);
      await sweep();
    });
  });

  describe('when it is lost', () => {
    it('what may have gone out is in doubt: asked for, not found twice, and only then sent again', async () => {
      const bulkId = await accepted(10);
      await lose((await onlyChunkOf(worker.app, bulkId)).id);
      const [line] = await transfersOf(worker.app, bulkId);
      expect(line).toMatchObject({ status: 'in_doubt', attempts: 1, possiblySent: true, attention: 'in_doubt' });
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'inquire', deaths: 1 });
      await skipTime(worker.app);
      await executeDue(worker.app);
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'confirm', lineCount: 10 });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 10 });
      expect(new Set(await executedAtRail(bulkId))).toEqual(new Set([0]));
      await skipTime(worker.app);
      await workOff(worker.app);
      expect(new Set(await executedAtRail(bulkId))).toEqual(new Set([1]));
      await expect(transfersOf(worker.app, bulkId)).resolves.toContainEqual(
        expect.objectContaining({ status: 'settled', attempts: 2, possiblySent: true, attention: null }),
      );
    });

    it('what was executed is adopted and not sent again', async () => {
      const bulkId = await accepted(10, (line) => (line === 4 ? 'sandbox:reject:AC04' : 'Salary'));
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const lease = await take(id);
      if ('ended' in lease) throw new Error('It was not leased.');
      const payments = (await transfersOf(worker.app, bulkId)).map((line) => ({
        reference: railReference(line.id),
        amountMinor: 100n,
        currency: 'EUR',
        attempt: 1,
        debtor: { iban: null, bic: null },
        creditor: { name: 'X', iban: 'X', bic: null },
        remittance: line.line === 4 ? 'sandbox:reject:AC04' : null,
      }));
      await rail.submit(payments, new AbortController().signal); // and dies before it records anything
      await expireLease(worker.app, id);
      await sweep();
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 9, failed: 1 });
      expect(new Set(await executedAtRail(bulkId))).toEqual(new Set([1]));
      expect(new Set((await transfersOf(worker.app, bulkId)).map((line) => line.attempts))).toEqual(new Set([1]));
    });

    it('an inquiry is asked again and no line changes its state', async () => {
      const bulkId = await accepted(2, (line) => (line === 0 ? 'sandbox:accept' : 'sandbox:lost'));
      await executeDue(worker.app);
      await skipTime(worker.app);
      await database.execute(
        `UPDATE sandbox_journal SET settles_at = now() + interval '1 h' WHERE status = 'accepted'`,
      );
      await lose((await onlyChunkOf(worker.app, bulkId)).id);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1, in_doubt: 1 });
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'inquire', deaths: 1 });
    });

    it('again and again on one line, that line goes to a person and is never sent again', async () => {
      const bulkId = await accepted(1);
      for (let death = 1; death <= 3; death++) {
        await skipTime(worker.app);
        await lose((await onlyChunkOf(worker.app, bulkId)).id);
      }
      await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'manual_review', possiblySent: true, attention: 'manual_review', failureCode: 'lost_lease' },
      ]);
      await workOff(worker.app);
      open.push(bulkId);
    });

    it('for the second time, the chunk is split to corner what kills its workers', async () => {
      const bulkId = await accepted(10);
      await lose((await onlyChunkOf(worker.app, bulkId)).id);
      await skipTime(worker.app);
      await lose((await onlyChunkOf(worker.app, bulkId)).id);
      const chunks = await openChunksOf(worker.app, bulkId);
      expect(chunks.map(({ lineFrom, lineCount, deaths }) => [lineFrom, lineCount, deaths])).toEqual(
        Array.from({ length: 10 }, (_, line) => [line, 1, 2]),
      );
    });
  });

  it('that cannot be ended for one chunk is ended for the others', async () => {
    const bulkId = await accepted(20);
    const [first, second] = await openChunksOf(worker.app, bulkId);
    for (const chunk of [first, second]) {
      await take(chunk?.id ?? '');
      await expireLease(worker.app, chunk?.id ?? '');
    }
    jest.spyOn(worker.app.get(RecordMoves, { strict: false }), 'record').mockRejectedValueOnce(new Error('no'));
    await sweep();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 10, in_doubt: 10 });
    await sweep();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 20 });
  });

  describe('a worker that lost it and did not notice', () => {
    /** Executes the chunk, and loses the lease after the rail has answered and before that is recorded. */
    async function executeTooLate(chunkId: string, meanwhile: () => Promise<void> = async () => undefined) {
      const [submitted, answered] = [gate(), gate()];
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        const outcomes = await submit(...sent);
        submitted.open();
        await answered.passed;
        return outcomes;
      });
      const executing = execute(chunkId);
      await submitted.passed;
      await expireLease(worker.app, chunkId);
      await sweep();
      await meanwhile();
      answered.open();
      return executing;
    }

    it('keeps its result as evidence, which ends the doubt', async () => {
      const bulkId = await accepted(3, (line) => ['Salary', 'sandbox:reject:AC06', 'sandbox:accept'][line] ?? '');
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await expect(executeTooLate(id)).resolves.toMatchObject({ ended: 'too_late', movedTo: {} });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 3 });
      await runLoop(worker.app, 'rail-evidence');
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'settled', attempts: 1, failureCode: null },
        { status: 'failed', attempts: 1, failureCode: 'AC06' },
        { status: 'submitted', attempts: 1 },
      ]);
      await expect(evidenceOf(bulkId)).resolves.toEqual([
        { source: 'late_result', status: 'settled', outcome: 'applied' },
        { source: 'late_result', status: 'rejected', outcome: 'applied' },
        { source: 'late_result', status: 'accepted', outcome: 'applied' },
      ]);
    });

    it('changes nothing when the rail was asked meanwhile', async () => {
      const bulkId = await accepted(2);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const before: unknown[] = [];
      await executeTooLate(id, async () => {
        await workOff(worker.app);
        before.push(await transfersOf(worker.app, bulkId));
      });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 2 });
      await runLoop(worker.app, 'rail-evidence');
      await expect(transfersOf(worker.app, bulkId)).resolves.toEqual(before[0]);
      expect((await evidenceOf(bulkId)).map(({ outcome }) => outcome)).toEqual(['redundant', 'redundant']);
    });

    it('finds the lease of another worker and leaves that one its chunk', async () => {
      const bulkId = await accepted(2, () => 'sandbox:retry:1');
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const report = await executeTooLate(id, async () => {
        await skipTime(worker.app);
        await take((await onlyChunkOf(worker.app, bulkId)).id);
      });
      expect(report.ended).toBe('too_late');
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ status: 'leased', purpose: 'inquire' });
      await expect(evidenceOf(bulkId)).resolves.toEqual([]); // what was not taken is no news
      await expireLease(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await sweep();
    });

    it('sends nothing once its own clock says that the lease is over', async () => {
      const bulkId = await accepted(2);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const lease = await take(id);
      jest.spyOn(worker.app.get(LeaseChunk, { strict: false }), 'take').mockResolvedValueOnce({
        ...lease,
        deadlineMs: performance.now(),
      } as typeof lease);
      const submit = jest.spyOn(rail, 'submit');
      await expect(execute(id)).resolves.toMatchObject({ ended: 'recorded', movedTo: { pending: 2 } });
      expect(submit).not.toHaveBeenCalled();
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { possiblySent: false },
        { possiblySent: false },
      ]);
    });
  });

  describe('covers a window of lines at a time', () => {
    const traits = () => rail.traits as { windowLines: number | null };
    beforeEach(() => (traits().windowLines = 4));
    afterEach(() => (traits().windowLines = null));

    it('and sends them window by window', async () => {
      const submit = jest.spyOn(rail, 'submit');
      const bulkId = await accepted(10);
      await expect(execute((await onlyChunkOf(worker.app, bulkId)).id)).resolves.toMatchObject({
        movedTo: { settled: 10 },
      });
      expect(submit.mock.calls.map(([payments]) => payments.length)).toEqual([4, 4, 2]);
    });

    it('so that what lies beyond it provably never left', async () => {
      const bulkId = await accepted(10);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await take(id);
      const queries = worker.app.get(TransfersQueries, { strict: false });
      const shown = await queries.listOfBulk({ organizationId, bulkId }, { limit: 100, showIbans: false });
      expect(shown.data.map(({ status }) => status)).toEqual([
        ...Array<string>(4).fill('submitting'),
        ...Array<string>(6).fill('pending'),
      ]);
      await expireLease(worker.app, id);
      await sweep();
      const lines = await transfersOf(worker.app, bulkId);
      expect(lines.map((line) => [line.status, line.attempts, line.possiblySent])).toEqual([
        ...Array<unknown>(4).fill(['in_doubt', 1, true]),
        ...Array<unknown>(6).fill(['pending', 0, false]),
      ]);
      expect((await openChunksOf(worker.app, bulkId)).map(({ purpose, lineCount }) => [purpose, lineCount])).toEqual([
        ['inquire', 4],
        ['submit', 6],
      ]);
    });

    it('and grants no other when the bulk is being stopped', async () => {
      const bulkId = await accepted(10);
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        await worker.app.get(BulkRequestsService, { strict: false }).stop(bulkId);
        return submit(...sent);
      });
      const report = await execute((await onlyChunkOf(worker.app, bulkId)).id);
      expect(report).toMatchObject({ ended: 'recorded', movedTo: { settled: 4, pending: 6 } });
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 4, cancelled: 6 });
    });

    it('and grants no other when the lease is lost: what was sent is evidence, the rest stays unsent', async () => {
      const bulkId = await accepted(10);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        await expireLease(worker.app, id);
        await sweep();
        return submit(...sent);
      });
      await expect(execute(id)).resolves.toMatchObject({ ended: 'too_late' });
      expect(await executedAtRail(bulkId)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
      await runLoop(worker.app, 'rail-evidence');
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 4, pending: 6 });
    });
  });

  describe('whatever the rail does under it', () => {
    it.each<[string, () => ReturnType<Rail['submit']>]>([
      ['throws', () => Promise.reject(new Error('socket hang up'))],
      ['answers for too few', () => Promise.resolve([{ kind: 'settled', railId: 'x' }])],
    ])('a line it does not answer for is in doubt, and asked for: it %s', async (_, answer) => {
      const bulkId = await accepted(3);
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        await submit(...sent);
        return answer();
      });
      const report = await execute((await onlyChunkOf(worker.app, bulkId)).id);
      expect(report).toMatchObject({ ended: 'recorded', movedTo: { in_doubt: 3 } });
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 3 });
    });

    it('an inquiry that fails keeps the doubt', async () => {
      const bulkId = await accepted(2, () => 'sandbox:timeout');
      await executeDue(worker.app);
      await skipTime(worker.app);
      jest.spyOn(rail, 'inquire').mockRejectedValueOnce(new Error('socket hang up'));
      const report = await execute((await onlyChunkOf(worker.app, bulkId)).id);
      expect(report).toMatchObject({ movedTo: { in_doubt: 2 } });
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'inquire', tries: 1 });
    });
  });
});
