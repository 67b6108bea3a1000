import { eventually } from '../support/eventually.js';
import { LEASE_MS, type Night, startNight } from './lab/night.js';
import { payroll } from './lab/payroll.js';

const KILLS = 30;
const LINES = 10_000;

describe('workers', () => {
  let night: Night;
  beforeAll(async () => {
    night = await startNight({ workers: 3 });
  });
  afterEach(() => night.bank.faults(null));
  afterAll(() => night.close());

  const movedBy = async (bulkId: string, source: string): Promise<number> => {
    const moved = await night.sql(
      `SELECT 1 FROM transfer_transitions m JOIN transfers t ON t.id = m.transfer_id WHERE t.bulk_id = $1 AND m.source = $2`,
      [bulkId, source],
    );
    return moved.length;
  };

  it('killed at random thirty times during 10,000 lines', async () => {
    await night.bank.faults({ latency_ms: { min: 20, max: 250 } });
    const bulkId = await night.submit(payroll(LINES));
    const step = Math.floor(LINES / (KILLS + 2));
    for (let killed = 0; killed < KILLS; killed += 1) {
      await night.untilSettled(bulkId, killed * step + night.random.integer(1, step));
      await night.workers.kill();
    }
    expect(await night.settledLines(bulkId)).toBeLessThan(LINES);
    await night.untilEnded();
    expect(await movedBy(bulkId, 'lost_lease')).toBeGreaterThan(0);
    await night.workers.untilComplete();
    await night.assertInvariants();
  });

  it('stopped for longer than their lease, and going on: what they write then changes nothing', async () => {
    await night.bank.faults({ latency_ms: { min: 200, max: 1_000 } });
    const bulkId = await night.submit(payroll(3_000));
    await night.untilSettled(bulkId, night.random.integer(1, 500));
    const sleeper = await night.workers.pick();
    process.kill(sleeper.pid, 'SIGSTOP');
    // Somebody else has taken over what the sleeper held.
    await eventually(async () => (await movedBy(bulkId, 'lost_lease')) > 0, {
      what: 'the lease to be lost',
      timeoutMs: LEASE_MS + 30_000,
    });
    process.kill(sleeper.pid, 'SIGCONT');
    await eventually(
      async () => (await night.sql(`SELECT 1 FROM rail_evidence WHERE source = 'late_result' LIMIT 1`)).length > 0,
      { what: 'the sleeper to say what it saw' },
    );
    await night.untilEnded();
    await night.assertInvariants();
  });

  it('dying of one line in a thousand: that line is left to a person, and all others are paid', async () => {
    const poison = night.random.integer(0, 999);
    const bulkId = await night.submit(payroll(1_000, (line) => (line === poison ? 'bank:hang' : `Salary ${line}`)));
    const inReview = async (): Promise<string | undefined> => {
      const [line] = await night.sql<{ id: string }>(
        `SELECT id FROM transfers WHERE bulk_id = $1 AND status = 'manual_review'`,
        [bulkId],
      );
      return line?.id;
    };
    let deaths = 0;
    for (; (await inReview()) === undefined; deaths += 1) {
      // While the bank has the line, some worker waits for it: all of them die, and so surely the right one.
      await eventually(async () => (await night.bank.waiting()).length > 0 || (await inReview()) !== undefined, {
        what: 'the poisonous line to be sent, or given up',
        timeoutMs: 60_000,
      });
      if ((await inReview()) !== undefined) break;
      await Promise.all(night.workers.running.map(() => night.workers.kill()));
    }
    process.stdout.write(`The poisonous line was given up after ${deaths} deaths.\n`);
    await eventually(async () => (await night.settledLines(bulkId)) === 999, { what: 'the others to be paid' });
    await night.workers.untilComplete();
    await night.assertInvariants({ open: [bulkId], inReview: 1 });
    const resolution = { outcome: 'failed', evidence: 'The bank has never heard of it.' };
    const answer = await night.call('POST', `/transfers/${await inReview()}/resolve`, { body: resolution });
    expect(answer.status).toBe(200);
    await night.untilEnded();
    await night.assertInvariants();
  });
});
