import { type Night, payroll, startNight } from './lab/night.js';

describe('workers that die', () => {
  let night: Night;
  beforeAll(async () => {
    night = await startNight({ workers: 2 });
  });
  afterAll(() => night.close());

  it('at random, thirty times during 10,000 lines: every line is paid once', async () => {
    const bulkId = await night.submit(payroll(10_000));
    for (let killed = 0; killed < 30; killed += 1) {
      await night.untilSettled(bulkId, Math.min(9_000, killed * 250 + night.random.integer(1, 200)));
      await night.replaceWorker(night.random.integer(0, 1));
    }
    await night.untilEnded();
    await night.assertInvariants();
  });
});
