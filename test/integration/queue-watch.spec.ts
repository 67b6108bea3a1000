import { type Job, Queue } from 'bullmq';
import { newId } from '../../src/domain/ids.js';
import { CompleteBulkRequest } from '../../src/modules/bulk-requests/application/complete-bulk-request.js';
import { completeBulkRequestJob } from '../../src/modules/transfers/index.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { Consumer, type JobEnvelope, Queues } from '../../src/platform/queue/index.js';
import { QueueWatch } from '../../src/platform/queue/queue-watch.js';
import { eventually } from '../support/eventually.js';
import { startTcpFreezer, type TcpFreezer } from '../support/tcp-freezer.js';
import { testRedisUrl } from '../support/test-redis.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const QUEUE = completeBulkRequestJob.name;
/** Sooner than the connections themselves would notice: what is done by then, the watch has done. */
const BEFORE_ANYBODY_ELSE = 8_000;

describe('the watch over the queues', () => {
  let freezer: TcpFreezer;
  let worker: TestWorker;
  /** Not through the freezer: it goes on. */
  let queue: Queue;
  let clockMs = 0;
  beforeAll(async () => {
    const redisUrl = await testRedisUrl();
    freezer = await startTcpFreezer(redisUrl);
    queue = new Queue(QUEUE, { connection: { url: redisUrl } });
    worker = await startTestWorker({ REDIS_URL: freezer.url }, { working: false });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await worker.close();
    await queue.close();
    await freezer.close();
  });

  const addJob = (): Promise<Job> => {
    const envelope: JobEnvelope = {
      organizationId: newId(),
      ids: { bulkId: newId() },
      requestId: null,
      outboxId: null,
    };
    return queue.add(QUEUE, envelope, { removeOnComplete: true });
  };
  const taken = (): number =>
    worker.app
      .get(Consumer)
      .consuming()
      .find((one) => one.queue === QUEUE)?.taken ?? 0;
  const look = async (times: number): Promise<void> => {
    for (let looks = 0; looks < times; looks++) await worker.app.get(QueueWatch).look((clockMs += 3_000));
  };
  const reconnects = (): Promise<string> =>
    worker.app.get(Metrics).registry.getSingleMetricAsString('queue_reconnects_total');

  it('counts what waits for a worker, and nothing while an operator has paused the queue', async () => {
    const job = await addJob();
    const queues = worker.app.get(Queues);
    await expect(queues.countWaiting(QUEUE)).resolves.toBe(1);
    await queue.pause();
    await expect(queues.countWaiting(QUEUE)).resolves.toBe(0);
    await queue.resume();
    await job.remove();
  });

  it('leaves a worker alone that takes what there is', async () => {
    worker.app.get(Consumer).start();
    for (let jobs = 1; jobs <= 6; jobs++) {
      await addJob();
      await look(1);
      await eventually(() => taken() === jobs, { what: `job ${jobs} to be taken` });
    }
    await look(6);
    await expect(reconnects()).resolves.not.toContain(QUEUE);
  });

  it('makes the connections of a worker anew that takes nothing, though they look well', async () => {
    freezer.freezeExisting();
    const before = taken();
    await addJob();
    // Its own connection for counting is as silent; in life, that one may well be another.
    jest.spyOn(worker.app.get(Queues), 'countWaiting').mockImplementation(async (name) => (name === QUEUE ? 1 : 0));
    await look(6);
    await expect(reconnects()).resolves.toContain(`queue_reconnects_total{queue="${QUEUE}"} 1`);
    const timeoutMs = BEFORE_ANYBODY_ELSE;
    await eventually(() => taken() === before + 1, { what: 'the job to be taken', timeoutMs });
  });

  it('loses no job that is under way', async () => {
    let finish: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    jest.spyOn(worker.app.get(CompleteBulkRequest), 'complete').mockImplementation(async () => {
      await gate;
      return null;
    });
    jest.spyOn(worker.app.get(Queues), 'countWaiting').mockImplementation(async (name) => (name === QUEUE ? 1 : 0));
    const before = taken();
    const job = await addJob();
    await eventually(() => taken() === before + 1, { what: 'the job to be taken' });
    await look(6);
    await expect(reconnects()).resolves.toContain(`queue_reconnects_total{queue="${QUEUE}"} 2`);
    finish?.();
    await eventually(async () => (await queue.getJob(job.id ?? '')) === undefined, { what: 'the job to be done with' });
    expect(taken()).toBe(before + 1);
  });
});
