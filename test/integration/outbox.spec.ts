import type { Job } from 'bullmq';
import { CompleteBulkRequestProcessor } from '../../src/modules/bulk-requests/jobs/complete-bulk-request.processor.js';
import { CompleteBulkRequest } from '../../src/modules/bulk-requests/application/complete-bulk-request.js';
import { completeBulkRequestJob } from '../../src/modules/transfers/index.js';
import { newId } from '../../src/domain/ids.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { withRequestId } from '../../src/platform/logging/index.js';
import { Outbox } from '../../src/platform/outbox/index.js';
import { type JobEnvelope, QueueEpoch, Queues, RedisClient } from '../../src/platform/queue/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { executeDue, finish, openChunksOf, runLoop, UNHURRIED } from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

interface Row {
  id: string;
  job: string;
  generation: number;
  requestId: string | null;
  isDue: boolean;
}

describe('jobs', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '2' }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
  });
  beforeEach(async () => {
    await worker.app.get(RedisClient).connection.flushdb();
    await worker.app.get(QueueEpoch).check();
    await database.execute(`DELETE FROM outbox`);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  const rows = () =>
    database.query<Row>(
      `SELECT id, job, generation, request_id AS "requestId", available_at <= now() AS "isDue" FROM outbox ORDER BY id`,
    );
  /** Asks for the completion of something, in a transaction of its own. */
  const ask = (bulkId: string, dedupeKey?: string) =>
    worker.app.get(UnitOfWork).run(PLATFORM, (tx) =>
      worker.app.get(Outbox).add(tx, completeBulkRequestJob, {
        organizationId: payer.organizationId,
        ids: { bulkId },
        ...(dedupeKey === undefined ? {} : { dedupeKey }),
      }),
    );
  const jobsInRedis = async (name: string): Promise<{ id: string | undefined; data: JobEnvelope }[]> => {
    const queue = worker.app
      .get(Queues)
      .all()
      .find((one) => one.name === name);
    const jobs = ((await queue?.getJobs()) ?? []) as Job<JobEnvelope>[];
    return jobs.map(({ id, data }) => ({ id, data }));
  };

  describe('leave with the transaction that causes them', () => {
    it('or not at all', async () => {
      const failing = worker.app.get(UnitOfWork).run(PLATFORM, async (tx) => {
        const message = { organizationId: payer.organizationId, ids: { bulkId: newId() } };
        await worker.app.get(Outbox).add(tx, completeBulkRequestJob, message);
        throw new Error('undone');
      });
      await expect(failing).rejects.toThrow('undone');
      await expect(rows()).resolves.toEqual([]);
    });

    it('once, as long as an earlier one of the same key waits', async () => {
      await ask(newId(), 'k');
      await ask(newId(), 'k');
      await ask(newId());
      const [first, ...others] = await rows();
      expect(others).toHaveLength(1);
      await worker.app.get(Outbox).acknowledge(first?.id ?? '');
      await ask(newId(), 'k');
      await expect(rows()).resolves.toHaveLength(2);
    });

    it('under the request id they were caused by', async () => {
      await withRequestId('req-1', () => ask(newId()));
      await expect(rows()).resolves.toMatchObject([{ requestId: 'req-1' }]);
    });
  });

  describe('are handed to Redis', () => {
    it('as ids and nothing else, and stay in PostgreSQL until they were handled', async () => {
      const bulkId = newId();
      await withRequestId('req-1', () => ask(bulkId));
      await runLoop(worker.app, 'outbox-relay');
      const [row] = await rows();
      expect(row).toMatchObject({ generation: 1, isDue: false });
      await expect(jobsInRedis('complete-bulk-request')).resolves.toEqual([
        {
          id: `complete-bulk-request-${row?.id}-g1`,
          data: { organizationId: payer.organizationId, ids: { bulkId }, requestId: 'req-1', outboxId: row?.id },
        },
      ]);
    });

    it('again, as another job, when they were not handled in time', async () => {
      await ask(newId());
      await runLoop(worker.app, 'outbox-relay');
      await runLoop(worker.app, 'outbox-relay');
      await expect(jobsInRedis('complete-bulk-request')).resolves.toHaveLength(1);
      await database.execute(`UPDATE outbox SET available_at = now()`);
      await runLoop(worker.app, 'outbox-relay');
      const ids = (await jobsInRedis('complete-bulk-request')).map(({ id }) => id?.slice(-2)).sort();
      expect(ids).toEqual(['g1', 'g2']);
    });

    it('once, however many relays there are', async () => {
      for (let row = 0; row < 20; row++) await ask(newId());
      await Promise.all(Array.from({ length: 5 }, () => runLoop(worker.app, 'outbox-relay')));
      await expect(jobsInRedis('complete-bulk-request')).resolves.toHaveLength(20);
    });

    it('later, when Redis refuses them', async () => {
      await ask(newId());
      jest.spyOn(worker.app.get(Queues), 'publish').mockRejectedValueOnce(new Error('READONLY'));
      await runLoop(worker.app, 'outbox-relay');
      await expect(rows()).resolves.toMatchObject([{ isDue: false }]);
      await database.execute(`UPDATE outbox SET available_at = now()`);
      await runLoop(worker.app, 'outbox-relay');
      await expect(jobsInRedis('complete-bulk-request')).resolves.toHaveLength(1);
    });

    it('not while Redis is away: what nobody can take is not claimed', async () => {
      await ask(newId());
      const bulkId = await payer.submit(2);
      jest.spyOn(worker.app.get(RedisClient), 'isReady', 'get').mockReturnValue(false);
      await runLoop(worker.app, 'outbox-relay');
      await runLoop(worker.app, 'dispatch-sandbox');
      await expect(rows()).resolves.toMatchObject([{ generation: 0, isDue: true }]);
      await expect(openChunksOf(worker.app, bulkId)).resolves.toMatchObject([{ status: 'open' }]);
      await executeDue(worker.app);
    });

    it('so are chunks, which stay in PostgreSQL themselves and go back on the list when Redis refuses them', async () => {
      const bulkId = await payer.submit(4);
      jest.spyOn(worker.app.get(Queues), 'publish').mockRejectedValueOnce(new Error('READONLY'));
      await runLoop(worker.app, 'dispatch-sandbox');
      expect((await openChunksOf(worker.app, bulkId)).map(({ status }) => status)).toEqual(['open', 'open']);
      await runLoop(worker.app, 'dispatch-sandbox');
      const chunks = await openChunksOf(worker.app, bulkId);
      expect(chunks.map(({ status }) => status)).toEqual(['dispatched', 'dispatched']);
      const jobs = await jobsInRedis('execute-chunk-sandbox');
      expect(jobs.map(({ data }) => data.ids['chunkId']).sort()).toEqual(chunks.map(({ id }) => id).sort());
      expect(jobs.map(({ data }) => data.outboxId)).toEqual([null, null]);
      await executeDue(worker.app);
    });
  });

  describe('are done', () => {
    const handle = async (ids: { bulkId: string }): Promise<void> => {
      const [row] = await rows();
      const data = { organizationId: payer.organizationId, ids, requestId: null, outboxId: row?.id ?? null };
      const job = { name: 'complete-bulk-request', id: 'x', attemptsMade: 0, data };
      await worker.app
        .get(CompleteBulkRequestProcessor, { strict: false })
        .process(job as Job<JobEnvelope<{ bulkId: string }>>);
    };

    it('when their handler has run, and then their row goes', async () => {
      const bulkId = await payer.submit(2);
      await executeDue(worker.app);
      await handle({ bulkId });
      await expect(rows()).resolves.toEqual([]);
      await expect(database.query(`SELECT status FROM bulk_requests WHERE id = $1`, [bulkId])).resolves.toEqual([
        { status: 'completed' },
      ]);
    });

    it('not when it failed: the row stays, to be handed over again', async () => {
      await ask(newId());
      const useCase = worker.app.get(CompleteBulkRequest, { strict: false });
      jest.spyOn(useCase, 'complete').mockRejectedValueOnce(new Error('no connection'));
      await expect(handle({ bulkId: newId() })).rejects.toThrow('no connection');
      await expect(rows()).resolves.toHaveLength(1);
    });
  });

  describe('survive the loss of Redis', () => {
    const handOver = async (): Promise<string> => {
      const bulkId = await payer.submit(4);
      await ask(newId());
      await runLoop(worker.app, 'outbox-relay');
      await runLoop(worker.app, 'dispatch-sandbox');
      return bulkId;
    };
    const openAgain = async (bulkId: string) => ({
      rows: (await rows()).map(({ isDue }) => isDue),
      chunks: (await openChunksOf(worker.app, bulkId)).map(({ status }) => status),
    });
    const waiting = { rows: [false], chunks: ['dispatched', 'dispatched'] };
    const due = { rows: [true], chunks: ['open', 'open'] };
    afterEach(() => executeDue(worker.app));

    it('which is noticed by its epoch: everything handed over is handed over again', async () => {
      const bulkId = await handOver();
      await runLoop(worker.app, 'queue-epoch');
      await expect(openAgain(bulkId)).resolves.toEqual(waiting);
      await worker.app.get(RedisClient).connection.flushdb();
      await runLoop(worker.app, 'queue-epoch');
      await expect(openAgain(bulkId)).resolves.toEqual(due);
    });

    it('also when it came back with older data', async () => {
      const bulkId = await handOver();
      await worker.app.get(RedisClient).connection.set('tranche:epoch', newId());
      await runLoop(worker.app, 'queue-epoch');
      await expect(openAgain(bulkId)).resolves.toEqual(due);
    });

    it('once for each loss', async () => {
      const epoch = worker.app.get(QueueEpoch);
      let losses = 0;
      epoch.onLoss(async () => {
        losses++;
      });
      await worker.app.get(RedisClient).connection.flushdb();
      for (let check = 0; check < 3; check++) await epoch.check();
      expect(losses).toBe(1);
    });

    it('and is not forgotten when the process dies before everything was handed over again', async () => {
      const bulkId = await handOver();
      await worker.app.get(RedisClient).connection.flushdb();
      const epoch = worker.app.get(QueueEpoch);
      const died = jest.fn<Promise<void>, []>().mockRejectedValueOnce(new Error('died')).mockResolvedValue();
      epoch.onLoss(died);
      await expect(epoch.check()).rejects.toThrow('died');
      await database.execute(`UPDATE chunks SET status = 'dispatched' WHERE bulk_id = $1`, [bulkId]);
      await epoch.check();
      await expect(openAgain(bulkId)).resolves.toEqual(due);
    });
  });
});
