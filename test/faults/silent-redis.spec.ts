import { eventually } from '../support/eventually.js';
import { assertPaidOnce, type FaultLab, startFaultLab } from '../support/fault-lab.js';
import type { TestProcess } from '../support/processes.js';
import { startTcpFreezer, type TcpFreezer } from '../support/tcp-freezer.js';
import { testRedisUrl } from '../support/test-redis.js';

const LINES = 1_000;

/** Not refused, not cut off: connected, and without an answer. Nobody is restarted in any of these. */
describe('Redis falling silent in the middle of a bulk', () => {
  let freezer: TcpFreezer;
  let lab: FaultLab;
  let worker: TestProcess;
  beforeAll(async () => {
    freezer = await startTcpFreezer(await testRedisUrl());
    lab = await startFaultLab({ apiRedisUrl: freezer.url, workerRedisUrl: freezer.url });
    worker = await lab.startWorker();
  });
  afterAll(async () => {
    await lab.close();
    await freezer.close();
  });

  const logged = (event: string): number => worker.logs().filter((line) => line.event === event).length;

  it('on the connections there are: worker and API make new ones, and the bulk finishes', async () => {
    const bulkId = await lab.submit(LINES, 150);
    await lab.untilSettled(bulkId, 100);
    const connections = freezer.accepted;
    freezer.freezeExisting();
    expect(await lab.settledLines(bulkId)).toBeLessThan(LINES);
    await lab.untilCompleted(bulkId);
    await assertPaidOnce(lab, bulkId, LINES);
    // Otherwise it finished over the old ones, and the test has shown nothing.
    expect(freezer.accepted).toBeGreaterThan(connections);
    expect(logged('working')).toBe(1);
  }, 90_000);

  it('altogether: bulks are accepted meanwhile, and all of them finish once it speaks again', async () => {
    const first = await lab.submit(LINES, 150);
    await lab.untilSettled(first, 100);
    const connections = freezer.accepted;
    freezer.freezeAll();
    const unnoticed = await lab.submit(10, 0); // the API believes that Redis is there
    await eventually(() => logged('redis_down') > 0, { what: 'the worker to notice' });
    await eventually(async () => (await readiness(worker)).status === 503, { what: 'the worker to be unready' });
    const checks = await eventually(async () => (await readiness(lab.api)).body, { what: 'the API to answer' });
    expect(checks).toMatchObject({ status: 'ready', checks: { postgres: 'up', redis: 'down' } });
    const noticed = await lab.submit(10, 0);
    // Long enough for every connection of a worker to have been given up: commands, wake-ups, and three for each queue.
    await eventually(() => freezer.accepted >= connections + 15, {
      what: 'connections to be given up',
      timeoutMs: 40_000,
    });
    freezer.thaw();
    for (const bulkId of [first, unnoticed, noticed]) await lab.untilCompleted(bulkId);
    await assertPaidOnce(lab, first, LINES);
    await assertPaidOnce(lab, noticed, 10);
    expect(logged('working')).toBe(1);
  }, 120_000);

  it('and ending all connections at once', async () => {
    const bulkId = await lab.submit(LINES, 150);
    for (const settled of [100, 400, 700]) {
      await lab.untilSettled(bulkId, settled);
      freezer.cut();
    }
    await lab.untilCompleted(bulkId);
    await assertPaidOnce(lab, bulkId, LINES);
  }, 90_000);
});

async function readiness({ url }: TestProcess): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${url}/health/ready`);
  return { status: answer.status, body: await answer.json() };
}
