import { Redis } from 'ioredis';
import { assertPaidOnce, type FaultLab, startFaultLab } from '../support/fault-lab.js';

const LINES = 1_000;

describe('Redis losing everything in the middle of a bulk', () => {
  let lab: FaultLab;
  let redis: Redis;
  beforeAll(async () => {
    lab = await startFaultLab();
    redis = new Redis(lab.redisUrl);
  });
  afterAll(async () => {
    redis.disconnect();
    await lab.close();
  });

  it('the work list is PostgreSQL: the bulk finishes, and pays no line twice', async () => {
    await lab.startWorker();
    const bulkId = await lab.submit(LINES, 150);
    for (const settled of [100, 400, 700]) {
      await lab.untilSettled(bulkId, settled);
      await redis.flushdb();
    }
    await lab.untilCompleted(bulkId);
    await assertPaidOnce(lab, bulkId, LINES);
  }, 90_000);
});
