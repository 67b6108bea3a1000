import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import { RequestCompletion } from '../../src/modules/transfers/application/request-completion.js';
import { TransfersQueries } from '../../src/modules/transfers/index.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { RedisClient, RedisLock } from '../../src/platform/queue/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeChunk,
  executeDue,
  finish,
  loseChunk,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  UNHURRIED,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf, tampererOf } from '../support/owner.js';

describe('the completion of a bulk request', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '5' }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { open }));

  const complete = (bulkId: string) =>
    worker.app.get(BulkRequestsService, { strict: false }).complete(payer.organizationId, bulkId);
  const viewOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
  /** A bulk of which nothing is open, and which nobody has completed. */
  const workedOff = async (lines: number, describeLine?: (line: number) => string): Promise<string> => {
    const bulkId = await payer.submit(lines, describeLine);
    await executeDue(worker.app);
    return bulkId;
  };
  const askedFor = async (bulkId: string): Promise<number> =>
    (await database.query(`SELECT 1 FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`])).length;
  const lockKey = (bulkId: string): string => `lock:complete-bulk-request:${bulkId}`;

  describe('happens once', () => {
    it('when many try at the same time', async () => {
      const bulkId = await workedOff(5);
      const results = await Promise.all(Array.from({ length: 10 }, () => complete(bulkId)));
      expect(results.filter((status) => status !== null)).toEqual(['completed']);
    });

    it('when they all believe to hold the lock: it only saves work', async () => {
      const bulkId = await workedOff(12, (line) => (line === 3 ? 'sandbox:reject:AC04' : 'Salary'));
      jest.spyOn(worker.app.get(RedisLock), 'run').mockImplementation(async (_name, _ttlMs, work) => {
        await work();
        return true;
      });
      const results = await Promise.all(Array.from({ length: 10 }, () => complete(bulkId)));
      expect(results.filter((status) => status !== null)).toEqual(['partially_completed']);
      await expect(viewOf(bulkId)).resolves.toMatchObject({
        status: 'partially_completed',
        counts: { settled: 11, failed: 1, pending: 0 },
        settledMinor: 1_100n,
        failedMinor: 100n,
      });
    });

    it('also while Redis is away, which only coordinates', async () => {
      const bulkId = await workedOff(1);
      jest.spyOn(worker.app.get(RedisClient), 'isReady', 'get').mockReturnValue(false);
      await expect(complete(bulkId)).resolves.toBe('completed');
    });

    it('and gives up no lock but its own: one that ran out belongs to somebody else now', async () => {
      const bulkId = await workedOff(1);
      const redis = worker.app.get(RedisClient).connection;
      await worker.app.get(RedisLock).run(`complete-bulk-request:${bulkId}`, 30_000, async () => {
        await redis.set(lockKey(bulkId), 'somebody');
      });
      await expect(redis.get(lockKey(bulkId))).resolves.toBe('somebody');
      await redis.del(lockKey(bulkId));
      await expect(complete(bulkId)).resolves.toBe('completed');
    });

    it('and never again', async () => {
      const bulkId = await workedOff(1);
      await complete(bulkId);
      const { completedAt } = await viewOf(bulkId);
      await expect(complete(bulkId)).resolves.toBeNull();
      await expect(viewOf(bulkId)).resolves.toMatchObject({ completedAt });
    });

    it('leaves its counts in one row', async () => {
      const bulkId = await workedOff(12);
      const tallies = () => database.query(`SELECT 1 FROM bulk_tallies WHERE bulk_id = $1`, [bulkId]);
      await expect(tallies()).resolves.toHaveLength(3);
      await complete(bulkId);
      await expect(tallies()).resolves.toEqual([]);
    });
  });

  describe('waits', () => {
    it('while a line is open', async () => {
      const bulkId = await workedOff(2, (line) => (line === 0 ? 'sandbox:accept' : 'Salary'));
      await expect(complete(bulkId)).resolves.toBeNull();
      await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'processing', completedAt: null });
      await expect(askedFor(bulkId)).resolves.toBe(0);
    });

    it('while somebody else is at it', async () => {
      const bulkId = await workedOff(1);
      const redis = worker.app.get(RedisClient).connection;
      await redis.set(lockKey(bulkId), 'somebody');
      await expect(complete(bulkId)).resolves.toBeNull();
      await expect(redis.get(lockKey(bulkId))).resolves.toBe('somebody');
      await redis.del(lockKey(bulkId));
      await expect(complete(bulkId)).resolves.toBe('completed');
      await expect(redis.exists(lockKey(bulkId))).resolves.toBe(0);
    });

    it.each([
      ['captured', `UPDATE holds SET captured_minor = captured_minor - $2 WHERE reference_id = $1`],
      ['released', `UPDATE holds SET released_minor = released_minor - $2 WHERE reference_id = $1`],
      ['counted as settled', `UPDATE bulk_tallies SET settled_count = settled_count - $2 WHERE bulk_id = $1`],
      ['summed up as failed', `UPDATE bulk_tallies SET failed_minor = failed_minor - $2 WHERE bulk_id = $1`],
    ])('when what was %s does not add up: nothing is released silently', async (_, tamper) => {
      const bulkId = await workedOff(3, (line) => (line === 0 ? 'sandbox:reject:AC04' : 'Salary'));
      await tampererOf(worker.app).execute(tamper, [bulkId, 1]);
      await expect(complete(bulkId)).rejects.toMatchObject({ kind: 'invariant', code: 'invariant_violated' });
      await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'processing', completedAt: null });
      await tampererOf(worker.app).execute(tamper, [bulkId, -1]);
      await expect(complete(bulkId)).resolves.toBe('partially_completed');
    });
  });

  describe('is asked for', () => {
    it('after the commit that ended the last line, once, even when the last two end together', async () => {
      const bulkId = await payer.submit(20);
      const chunks = await openChunksOf(worker.app, bulkId);
      await Promise.all(chunks.map(({ id }) => executeChunk(worker.app, id)));
      await expect(askedFor(bulkId)).resolves.toBe(1);
    });

    it('by the sweep, when the worker died before it could ask', async () => {
      jest
        .spyOn(worker.app.get(RequestCompletion, { strict: false }), 'check')
        .mockRejectedValueOnce(new Error('died'));
      const bulkId = await payer.submit(1);
      await expect(executeDue(worker.app)).rejects.toThrow('died');
      await expect(askedFor(bulkId)).resolves.toBe(0);
      await runLoop(worker.app, 'sweep-bulk-requests');
      await expect(askedFor(bulkId)).resolves.toBe(1);
      await runLoop(worker.app, 'sweep-bulk-requests');
      await expect(askedFor(bulkId)).resolves.toBe(1);
    });

    it('not while a line waits for a person', async () => {
      const bulkId = await payer.submit(1);
      for (let death = 0; death < 3; death++) {
        await skipTime(worker.app);
        await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      }
      open.push(bulkId);
      await database.execute(`DELETE FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`]);
      await runLoop(worker.app, 'sweep-bulk-requests');
      await expect(askedFor(bulkId)).resolves.toBe(0);
    });
  });

  it('never shows a bulk as less far than it is, even to who looks at that very moment', async () => {
    const bulkId = await workedOff(10);
    const transfers = worker.app.get(TransfersQueries, { strict: false });
    const tallySums = transfers.tallySums.bind(transfers);
    jest.spyOn(transfers, 'tallySums').mockImplementationOnce(async (on, ids) => {
      await complete(bulkId);
      return tallySums(on, ids);
    });
    await expect(viewOf(bulkId)).resolves.toMatchObject({ counts: { settled: 10, pending: 0 }, settledMinor: 1_000n });
  });
});
