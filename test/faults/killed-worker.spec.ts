import { assertPaidOnce, type FaultLab, startFaultLab } from '../support/fault-lab.js';

const LINES = 1_000;

describe('kill -9 of a worker in the middle of a bulk', () => {
  let lab: FaultLab;
  beforeAll(async () => {
    lab = await startFaultLab();
  });
  afterAll(() => lab.close());

  it('another worker finishes it, asks about what was in flight, and pays no line twice', async () => {
    const bulkId = await lab.submit(LINES, 150);
    for (const settled of [100, 300, 500]) {
      const worker = await lab.startWorker();
      await lab.untilSettled(bulkId, settled);
      await worker.kill();
    }
    expect(await lab.settledLines(bulkId)).toBeLessThan(LINES);
    await lab.startWorker();
    await lab.untilCompleted(bulkId);
    await assertPaidOnce(lab, bulkId, LINES);
    const [doubts] = await lab.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM transfer_transitions WHERE source = 'lost_lease' AND to_status = 'in_doubt'`,
    );
    // Otherwise no worker died with lines in flight, and the test has shown nothing.
    expect(doubts?.n).toBeGreaterThan(0);
  }, 90_000);

  it('a second worker beside it takes over without a restart', async () => {
    const bulkId = await lab.submit(LINES, 150);
    const doomed = await lab.startWorker();
    await lab.untilSettled(bulkId, 200);
    await doomed.kill();
    await lab.untilCompleted(bulkId);
    await assertPaidOnce(lab, bulkId, LINES);
  }, 90_000);
});
