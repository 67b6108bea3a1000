import { type Rail, RailsService } from '../../src/modules/rails/index.js';
import { LeaseChunk } from '../../src/modules/transfers/application/lease-chunk.js';
import { TransfersQueries } from '../../src/modules/transfers/index.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeChunk,
  executeDue,
  expireLease,
  finish,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  submissionsOf,
  sweep,
  takeChunk,
  transfersOf,
  UNHURRIED,
  workOff,
  stopBulk,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

/** A promise somebody else keeps. */
function gate(): { passed: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

describe('a worker', () => {
  let worker: TestWorker;
  let database: Queryable;
  let rail: Rail;
  let payer: Payer;

  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    rail = worker.app.get(RailsService, { strict: false }).get('sandbox');
    payer = await createPayer(worker.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  const evidenceOf = (bulkId: string) =>
    database.query<{ source: string; status: string; outcome: string | null }>(
      `SELECT e.source, e.status, e.outcome FROM rail_evidence e JOIN transfers t ON t.id = e.transfer_id
        WHERE t.bulk_id = $1 ORDER BY t.line, e.received_at`,
      [bulkId],
    );

  describe('that lost its lease and did not notice', () => {
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
      const executing = executeChunk(worker.app, chunkId);
      await submitted.passed;
      await expireLease(worker.app, chunkId);
      await sweep(worker.app);
      await meanwhile();
      answered.open();
      return executing;
    }

    it('keeps its result as evidence, which ends the doubt', async () => {
      const bulkId = await payer.submit(3, (line) => ['Salary', 'sandbox:reject:AC06', 'sandbox:accept'][line] ?? '');
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
      const bulkId = await payer.submit(2);
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
      const bulkId = await payer.submit(2, () => 'sandbox:retry:1');
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const report = await executeTooLate(id, async () => {
        await skipTime(worker.app);
        await takeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      });
      expect(report.ended).toBe('too_late');
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ status: 'leased', purpose: 'inquire' });
      await expect(evidenceOf(bulkId)).resolves.toEqual([]); // what was not taken is no news
      await expireLease(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await sweep(worker.app);
    });

    it('sends nothing once its own clock says that the lease is over', async () => {
      const bulkId = await payer.submit(2);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const lease = await takeChunk(worker.app, id);
      jest.spyOn(worker.app.get(LeaseChunk, { strict: false }), 'take').mockResolvedValueOnce({
        ...lease,
        deadlineMs: performance.now(),
      });
      const submit = jest.spyOn(rail, 'submit');
      await expect(executeChunk(worker.app, id)).resolves.toMatchObject({ ended: 'recorded', movedTo: { pending: 2 } });
      expect(submit).not.toHaveBeenCalled();
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { possiblySent: false, attempts: 0 },
        { possiblySent: false, attempts: 0 },
      ]);
    });
  });

  describe('is granted a window of lines at a time', () => {
    beforeEach(() => jest.spyOn(rail, 'windowLines').mockReturnValue(4));

    it('and sends them window by window', async () => {
      const submit = jest.spyOn(rail, 'submit');
      const bulkId = await payer.submit(10);
      await expect(executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id)).resolves.toMatchObject({
        movedTo: { settled: 10 },
      });
      expect(submit.mock.calls.map(([payments]) => payments.length)).toEqual([4, 4, 2]);
    });

    it('so that what lies beyond it provably never left', async () => {
      const bulkId = await payer.submit(10);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await takeChunk(worker.app, id);
      const queries = worker.app.get(TransfersQueries, { strict: false });
      const shown = await queries.listOfBulk(
        { organizationId: payer.organizationId, bulkId },
        { limit: 100, showIbans: false },
      );
      expect(shown.data.map(({ status }) => status)).toEqual([
        ...Array<string>(4).fill('submitting'),
        ...Array<string>(6).fill('pending'),
      ]);
      await expireLease(worker.app, id);
      await sweep(worker.app);
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
      const bulkId = await payer.submit(10);
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        await stopBulk(worker.app, bulkId);
        return submit(...sent);
      });
      const report = await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      expect(report).toMatchObject({ ended: 'recorded', movedTo: { settled: 4, pending: 6 } });
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 4, cancelled: 6 });
    });

    it('and grants no other when the lease is lost: what was sent is evidence, the rest stays unsent', async () => {
      const bulkId = await payer.submit(10);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        await expireLease(worker.app, id);
        await sweep(worker.app);
        return submit(...sent);
      });
      await expect(executeChunk(worker.app, id)).resolves.toMatchObject({ ended: 'too_late' });
      expect(await submissionsOf(worker.app, bulkId)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
      await runLoop(worker.app, 'rail-evidence');
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 4, pending: 6 });
    });
  });

  describe('survives whatever the rail does', () => {
    it.each<[string, () => ReturnType<Rail['submit']>]>([
      ['throws', () => Promise.reject(new Error('socket hang up'))],
      ['answers for too few', () => Promise.resolve([{ kind: 'settled', railId: 'x' }])],
    ])('a line it does not answer for is in doubt, and asked for: it %s', async (_, answer) => {
      const bulkId = await payer.submit(3);
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        await submit(...sent);
        return answer();
      });
      const report = await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      expect(report).toMatchObject({ ended: 'recorded', movedTo: { in_doubt: 3 } });
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 3 });
    });

    it('an inquiry that fails keeps the doubt', async () => {
      const bulkId = await payer.submit(2, () => 'sandbox:timeout');
      await executeDue(worker.app);
      await skipTime(worker.app);
      jest.spyOn(rail, 'inquire').mockRejectedValueOnce(new Error('socket hang up'));
      const report = await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      expect(report).toMatchObject({ movedTo: { in_doubt: 2 } });
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'inquire', tries: 1 });
    });
  });
});
