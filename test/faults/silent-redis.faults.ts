import { eventually } from '../support/eventually.js';
import type { TestProcess } from '../support/processes.js';
import { type Night, startNight } from './lab/night.js';
import { payroll } from './lab/payroll.js';

const LINES = 2_000;

/** Not refused, not cut off: connected, and without an answer. Nobody is restarted in any of these. */
describe('Redis falling silent in the middle of a bulk', () => {
  let night: Night;
  let worker: TestProcess;
  beforeAll(async () => {
    night = await startNight({ workers: 1 });
    await night.bank.faults({ latency_ms: { min: 100, max: 300 } });
    [worker] = night.workers.running as [TestProcess];
  });
  afterAll(() => night.close());

  const logged = (event: string): number => worker.logs().filter((line) => line['event'] === event).length;
  const submitAndPay = async (): Promise<string> => {
    const bulkId = await night.submit(payroll(LINES));
    await night.untilSettled(bulkId, 100);
    return bulkId;
  };
  const endWell = async (): Promise<void> => {
    await night.untilEnded();
    await night.assertInvariants();
    // Otherwise it was a new process that went on, and nothing is shown.
    expect(logged('working')).toBe(1);
  };

  it('on the connections there are: worker and API make new ones, and the bulk finishes', async () => {
    const bulkId = await submitAndPay();
    const connections = night.redis.relay.accepted;
    night.redis.relay.freezeExisting();
    expect(await night.settledLines(bulkId)).toBeLessThan(LINES);
    await endWell();
    // Otherwise it finished over the old ones, and the test has shown nothing.
    expect(night.redis.relay.accepted).toBeGreaterThan(connections);
  });

  it('altogether: bulks are accepted meanwhile, and all of them finish once it speaks again', async () => {
    await submitAndPay();
    const { relay } = night.redis;
    const connections = relay.accepted;
    relay.freezeAll();
    await night.submit(payroll(10)); // the API believes that Redis is there
    await eventually(() => logged('redis_down') > 0, { what: 'the worker to notice' });
    await eventually(async () => (await readiness(worker.url)).status === 503, { what: 'the worker to be unready' });
    const checks = await eventually(async () => (await readiness(night.apiUrl)).body, { what: 'the API to answer' });
    expect(checks).toMatchObject({ status: 'ready', checks: { postgres: 'up', redis: 'down' } });
    await night.submit(payroll(10));
    // Long enough for every connection of a worker to have been given up: commands, wake-ups, and three for each queue.
    await eventually(() => relay.accepted >= connections + 15, {
      what: 'connections to be given up',
      timeoutMs: 40_000,
    });
    relay.thaw();
    await endWell();
  });

  it('and ending all connections at once', async () => {
    const bulkId = await submitAndPay();
    for (const settled of [300, 900, 1_500]) {
      await night.untilSettled(bulkId, settled);
      night.redis.relay.cut();
    }
    await endWell();
  });
});

async function readiness(url: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${url}/health/ready`);
  return { status: answer.status, body: await answer.json() };
}
