import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { type Rail, RailsService } from '../../src/modules/rails/index.js';
import { RequestCompletion } from '../../src/modules/transfers/application/request-completion.js';
import { TransfersService } from '../../src/modules/transfers/index.js';
import { ChunkRepository } from '../../src/modules/transfers/persistence/chunk.repository.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { type BulkControl, controlOf } from '../factories/bulk-control.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  executeDue,
  executeNext,
  expireLease,
  finish,
  loseChunk,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  type StoredChunk,
  submissionsOf,
  sweep,
  takeChunk,
  transfersOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('cancelling a bulk request', () => {
  let worker: TestWorker;
  let database: Queryable;
  let rail: Rail;
  let payer: Payer;
  let control: BulkControl;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    rail = worker.app.get(RailsService, { strict: false }).get('sandbox');
    payer = await createPayer(worker.app);
    control = controlOf(worker.app, payer.organizationId);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { open }));

  const viewOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
  /** The open chunk that begins with this line. */
  const chunkAt = async (bulkId: string, line: number): Promise<StoredChunk> => {
    const chunk = (await openChunksOf(worker.app, bulkId)).find(({ lineFrom }) => lineFrom === line);
    if (!chunk) throw new Error(`No open chunk begins with line ${line}.`);
    return chunk;
  };
  const reserved = async (): Promise<bigint | undefined> => {
    const [row] = await database.query<{ reserved: bigint }>(
      `SELECT reserved_minor AS reserved FROM accounts WHERE id = $1`,
      [payer.accountId],
    );
    return row?.reserved;
  };
  const askedFor = async (bulkId: string): Promise<boolean> =>
    (await database.query(`SELECT 1 FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`])).length === 1;

  it('of which nothing was sent ends it: every line is cancelled, and its money free', async () => {
    const before = await reserved();
    const bulkId = await payer.submit(25);
    await expect(control.cancel(bulkId)).resolves.toMatchObject({ cancelled: 25, inFlight: 0 });
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: 25 });
    await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
    await expect(reserved()).resolves.toBe(before);
    await expect(askedFor(bulkId)).resolves.toBe(true);
    await completeAll(worker.app);
    await expect(viewOf(bulkId)).resolves.toMatchObject({
      status: 'cancelled',
      counts: { cancelled: 25 },
      cancelledMinor: 2_500n,
    });
    expect(Math.max(...(await submissionsOf(worker.app, bulkId)))).toBe(0);
  });

  it('also takes what waits for another attempt, however long that would be, and what was paused', async () => {
    const bulkId = await payer.submit(30, (line) => (line < 10 ? 'sandbox:retry:2' : 'Salary'));
    await executeNext(worker.app);
    await control.pause(bulkId);
    await expect(control.cancel(bulkId)).resolves.toMatchObject({ cancelled: 30, inFlight: 0 });
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: 30 });
  });

  it('counts every line once: ended, never to be sent, or in flight', async () => {
    const words: Record<number, string> = { 0: 'lost', 10: 'reject:AC04', 11: 'accept', 12: 'timeout' };
    const bulkId = await payer.submit(41, (line) => (words[line] ? `sandbox:${words[line]}` : 'Salary'));
    const leased = (await chunkAt(bulkId, 20)).id;
    await executeChunk(worker.app, (await chunkAt(bulkId, 0)).id);
    for (let asked = 0; asked < 2; asked++) {
      await skipTime(worker.app);
      await executeChunk(worker.app, (await chunkAt(bulkId, 0)).id); // line 0: not found, twice, so it is to be sent again
    }
    for (let death = 0; death < 3; death++) {
      await skipTime(worker.app);
      await loseChunk(worker.app, (await chunkAt(bulkId, 40)).id);
    }
    await executeChunk(worker.app, (await chunkAt(bulkId, 10)).id);
    jest.spyOn(rail, 'windowLines').mockReturnValue(4);
    await takeChunk(worker.app, leased);
    expect(await statusesOf(worker.app, bulkId)).toEqual({
      settled: 16,
      failed: 1,
      submitted: 1,
      in_doubt: 1,
      manual_review: 1,
      pending: 21,
    });

    // Sixteen of the pending were never sent: six beyond the window of the leased chunk, and ten of the last one.
    const answer = { cancelled: 16, inFlight: 8 };
    await expect(control.cancel(bulkId)).resolves.toMatchObject(answer);
    expect(await statusesOf(worker.app, bulkId)).toMatchObject({ cancelled: 10, manual_review: 2, pending: 10 });
    await expect(control.cancel(bulkId)).resolves.toMatchObject(answer);

    await expireLease(worker.app, leased);
    await sweep(worker.app);
    await expect(control.cancel(bulkId)).resolves.toMatchObject(answer);
    await workOff(worker.app);
    // What nobody ever heard of again may have been paid: a person decides about the window of the lost chunk, too.
    expect(await statusesOf(worker.app, bulkId)).toEqual({ settled: 18, failed: 1, cancelled: 16, manual_review: 6 });
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'cancelling', completedAt: null });
    open.push(bulkId);
  });

  it('waits for a lease that is being taken, and counts its window', async () => {
    const bulkId = await payer.submit(20);
    const [first] = await openChunksOf(worker.app, bulkId);
    const chunks = worker.app.get(ChunkRepository, { strict: false });
    const openLines = chunks.openLines.bind(chunks);
    const answers: unknown[] = [];
    jest.spyOn(chunks, 'openLines').mockImplementationOnce(async (tx, chunk) => {
      // The worker has the bulk's row already, and is about to grant itself the window.
      const keep = (answer: unknown): unknown => answers.push(answer);
      void control.cancel(bulkId).then(keep, keep);
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await eventually(async () => (await database.query(waiting)).length === 1, { what: 'the cancel to wait' });
      return openLines(tx, chunk);
    });
    await takeChunk(worker.app, first?.id ?? '');
    await eventually(() => answers.length === 1, { what: 'the answer' });
    expect(answers).toMatchObject([{ cancelled: 10, inFlight: 10 }]);
    await expireLease(worker.app, first?.id ?? '');
    await sweep(worker.app);
    await workOff(worker.app);
    expect(await statusesOf(worker.app, bulkId)).toEqual({ cancelled: 10, manual_review: 10 });
    open.push(bulkId);
  });

  it('lets a worker send the window it has, and grants it no other', async () => {
    jest.spyOn(rail, 'windowLines').mockReturnValue(4);
    const bulkId = await payer.submit(10);
    const submit = rail.submit.bind(rail);
    const answers: unknown[] = [];
    jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
      answers.push(await control.cancel(bulkId));
      return submit(...sent);
    });
    await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    expect(answers).toMatchObject([{ cancelled: 6, inFlight: 4 }]);
    await workOff(worker.app);
    await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    await expect(viewOf(bulkId)).resolves.toMatchObject({
      status: 'partially_completed',
      counts: { settled: 4, cancelled: 6 },
    });
  });

  describe('by a process that dies after it has committed', () => {
    it('is finished by the workers: no chunk of it is sent', async () => {
      const bulkId = await payer.submit(25);
      const transfers = worker.app.get(TransfersService, { strict: false });
      jest.spyOn(transfers, 'stop').mockRejectedValueOnce(new Error('died'));
      await expect(control.cancel(bulkId)).resolves.toMatchObject({ cancelled: 25, inFlight: 0 });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 25 });
      const reports = await executeDue(worker.app);
      expect(reports.map(({ ended }) => ended)).toEqual(['cancelled', 'cancelled', 'cancelled']);
      await expect(askedFor(bulkId)).resolves.toBe(true);
      await completeAll(worker.app);
      await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'cancelled', counts: { cancelled: 25 } });
      expect(Math.max(...(await submissionsOf(worker.app, bulkId)))).toBe(0);
    });

    it('half-way through its chunks is finished when it is asked again', async () => {
      const bulkId = await payer.submit(25);
      const chunks = worker.app.get(ChunkRepository, { strict: false });
      const lock = chunks.lockBulkForShare.bind(chunks);
      jest.spyOn(chunks, 'lockBulkForShare').mockImplementationOnce(lock).mockRejectedValueOnce(new Error('died'));
      await control.cancel(bulkId);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: 10, pending: 15 });
      await expect(control.cancel(bulkId)).resolves.toMatchObject({ cancelled: 25, inFlight: 0 });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: 25 });
    });

    it('before it asked for the completion is completed by the sweep', async () => {
      const bulkId = await payer.submit(5);
      const completion = worker.app.get(RequestCompletion, { strict: false });
      jest.spyOn(completion, 'check').mockRejectedValueOnce(new Error('died'));
      await control.cancel(bulkId);
      await expect(askedFor(bulkId)).resolves.toBe(false);
      await runLoop(worker.app, 'sweep-bulk-requests');
      await expect(askedFor(bulkId)).resolves.toBe(true);
    });
  });

  describe('under an idempotency key', () => {
    it('answers the same again, whatever has happened since', async () => {
      const bulkId = await payer.submit(10, (line) => (line === 0 ? 'sandbox:timeout' : 'Salary'));
      await executeNext(worker.app);
      const first = await control.cancel(bulkId, 'cancel-1');
      expect(first).toEqual({ cancelled: 0, inFlight: 1, replayed: false });
      await workOff(worker.app);
      await expect(control.cancel(bulkId, 'cancel-1')).resolves.toEqual({ ...first, replayed: true });
      await expect(refusalOf(control.cancel(bulkId))).resolves.toMatchObject({ code: 'invalid_state' });
    });

    it('is not another bulk', async () => {
      const [bulkId, other] = [await payer.submit(1), await payer.submit(1)];
      await control.cancel(bulkId, 'cancel-2');
      const refusal = await refusalOf(control.cancel(other, 'cancel-2'));
      expect(refusal).toMatchObject({ kind: 'rule', code: 'idempotency_key_reused' });
      await expect(viewOf(other)).resolves.toMatchObject({ status: 'processing' });
    });

    it('that was refused is not remembered', async () => {
      const bulkId = await payer.submit(1);
      await database.execute(`UPDATE bulk_requests SET status = 'reversing' WHERE id = $1`, [bulkId]);
      await refusalOf(control.cancel(bulkId, 'cancel-3'));
      await database.execute(`UPDATE bulk_requests SET status = 'processing' WHERE id = $1`, [bulkId]);
      await expect(control.cancel(bulkId, 'cancel-3')).resolves.toMatchObject({ cancelled: 1, replayed: false });
    });
  });

  describe('is refused', () => {
    it('once it has ended, and names how', async () => {
      const bulkId = await payer.submit(2, (line) => (line === 0 ? 'sandbox:reject:AC04' : 'Salary'));
      await workOff(worker.app);
      const refusal = await refusalOf(control.cancel(bulkId));
      expect(refusal).toMatchObject({
        kind: 'conflict',
        code: 'invalid_state',
        details: { members: { current_status: 'partially_completed' } },
      });
    });

    it('of another organization, as if it were not there', async () => {
      const bulkId = await payer.submit(1);
      const other = controlOf(worker.app, (await createPayer(worker.app)).organizationId);
      for (const attempt of [
        other.cancel(bulkId),
        other.pause(bulkId),
        other.resume(bulkId),
        other.retryFailed(bulkId),
      ]) {
        expect(await refusalOf(attempt)).toMatchObject({ kind: 'not_found', code: 'not_found' });
      }
      await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'processing' });
    });
  });

  it('cancels what the rail gave back after it at the next sweep, however late that was to be sent again', async () => {
    const bulkId = await payer.submit(2, () => 'sandbox:retry:1');
    const submit = rail.submit.bind(rail);
    jest.spyOn(rail, 'submit').mockImplementationOnce(async (payments, signal) => {
      await expect(control.cancel(bulkId)).resolves.toMatchObject({ cancelled: 0, inFlight: 2 });
      return (await submit(payments, signal)).map((outcome) => ({ ...outcome, retryAfterMs: 3_600_000 }));
    });
    await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 2 });
    await sweep(worker.app);
    await executeDue(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: 2 });
    await completeAll(worker.app);
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'cancelled' });
  });

  it('after its last line has ended, before it was completed, cancels nothing', async () => {
    const bulkId = await payer.submit(2);
    await executeDue(worker.app);
    await expect(control.cancel(bulkId)).resolves.toMatchObject({ cancelled: 0, inFlight: 0 });
    await completeAll(worker.app);
    expect((await transfersOf(worker.app, bulkId)).map(({ status }) => status)).toEqual(['settled', 'settled']);
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'partially_completed', counts: { settled: 2 } });
  });
});
