import { eventually } from '../support/eventually.js';
import { type Night, startNight } from './lab/night.js';
import { payroll } from './lab/payroll.js';

describe('a bank', () => {
  let night: Night;
  beforeAll(async () => {
    night = await startNight({ workers: 2 });
  });
  afterEach(() => night.bank.faults(null));
  afterAll(() => night.close());

  const statusesOf = async (bulkId: string): Promise<Record<string, number>> => {
    const rows = await night.sql<{ status: string; lines: number }>(
      `SELECT status, count(*)::int AS lines FROM transfers WHERE bulk_id = $1 GROUP BY status`,
      [bulkId],
    );
    return Object.fromEntries(rows.map(({ status, lines }) => [status, lines]));
  };

  it('that executes, and drops a fifth of its answers', async () => {
    await night.bank.faults({ seed: night.random.seed, execute_then_drop: { rate: 0.2 } });
    const bulkId = await night.submit(payroll(2_000));
    await night.untilEnded();
    expect(await statusesOf(bulkId)).toEqual({ settled: 2_000 });
    // It was asked before anything was sent again, and it knew all of them.
    expect((await night.bank.summary()).most_submissions).toBe(1);
    await night.assertInvariants();
  });

  it('that says "not found", and shows the payment later', async () => {
    await night.bank.faults({
      seed: night.random.seed,
      execute_then_drop: { rate: 0.1 },
      delayed_visibility_ms: { ms: 700 },
    });
    const bulkId = await night.submit(payroll(2_000));
    await night.untilEnded();
    expect(await statusesOf(bulkId)).toEqual({ settled: 2_000 });
    expect((await night.bank.summary()).most_submissions).toBe(1);
    await night.assertInvariants();
  });

  it('that shows it only after everybody believes there is nothing: the reference is what saves us', async () => {
    await night.bank.faults({
      seed: night.random.seed,
      execute_then_drop: { rate: 0.05, count: 30 },
      delayed_visibility_ms: { ms: 8_000 },
    });
    const bulkId = await night.submit(payroll(300));
    await night.untilEnded();
    expect(await statusesOf(bulkId)).toEqual({ settled: 300 });
    expect((await night.bank.summary()).most_submissions).toBeGreaterThan(1);
    await night.assertInvariants();
  });

  it('that loses requests, answers 500 before and after executing, and talks nonsense', async () => {
    await night.bank.faults({
      seed: night.random.seed,
      drop_before: { rate: 0.05 },
      error_before: { rate: 0.05 },
      error_after: { rate: 0.05 },
      garbage: { rate: 0.05 },
      inquiry_error: { rate: 0.2 },
    });
    const bulkId = await night.submit(payroll(1_000));
    await night.untilEnded();
    expect(await statusesOf(bulkId)).toEqual({ settled: 1_000 });
    await night.assertInvariants();
  });

  it.each([429, 503] as const)('that answers a storm of %s', async (status) => {
    await night.bank.faults({
      seed: night.random.seed,
      not_accepted: { rate: 0.4, count: 250, status, retry_after: 1 },
    });
    const bulkId = await night.submit(payroll(500));
    await night.untilEnded();
    expect(await statusesOf(bulkId)).toEqual({ settled: 500 });
    await night.assertInvariants();
  });

  it('that reports twice, and the opposite of what it did', async () => {
    const twice = { seed: night.random.seed, duplicate_callbacks: { times: 3 } };
    await night.bank.faults(twice);
    const words = ['bank:accept', 'bank:accept:AC04', 'bank:return', 'Salary'];
    const plain = await night.submit(payroll(200, (line) => words[line % words.length] ?? ''));
    await night.untilEnded();
    await eventually(async () => (await statusesOf(plain))['returned'] === 50, { what: 'the returns to come' });
    await night.untilQuiet();
    expect(await statusesOf(plain)).toEqual({ settled: 100, failed: 50, returned: 50 });
    await night.assertInvariants();

    await night.bank.faults({ ...twice, contradictory_callbacks: { rate: 0.2 } });
    const contradicted = await night.submit(payroll(200, (line) => words[line % 2] ?? ''));
    await night.untilEnded();
    await night.untilQuiet();
    expect(await statusesOf(contradicted)).toEqual({ settled: 100, failed: 100 });
    expect(await breaksOf(contradicted)).toBeGreaterThan(0);
    await night.assertInvariants({ contradicted: [contradicted] });
  });

  const breaksOf = async (bulkId: string): Promise<number> =>
    (await night.sql(`SELECT 1 FROM reconciliation_breaks WHERE bulk_id = $1 AND class = 'status'`, [bulkId])).length;
});
