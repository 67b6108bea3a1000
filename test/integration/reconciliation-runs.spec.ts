import { SandboxRail } from '../../src/modules/rails/adapters/sandbox.rail.js';
import type { InvariantReport } from '../../src/modules/reconciliation/domain/invariant-check.js';
import { Database } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { completeAll, executeDue, runLoop, UNHURRIED } from '../support/engine-steps.js';
import {
  bookStranger,
  breaksOf,
  executeRun,
  forgetAtBank,
  getRun,
  reconcile,
  requestRun,
  runsOf,
  tamper,
} from '../support/reconciliation-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const HOUR_MS = 3_600_000;

describe('scheduled reconciliation runs', () => {
  let workers: TestWorker[];
  let database: Database;
  beforeEach(async () => {
    const env = { ...UNHURRIED, RECONCILIATION_INTERVAL_MS: String(HOUR_MS) };
    const first = await startTestWorker(env, { working: false });
    workers = [first, await startTestWorker(env, { working: false, databaseUrl: first.databaseUrl })];
    database = first.app.get(Database);
  });
  afterEach(async () => {
    for (const worker of [...workers].reverse()) await worker.close();
  });

  const worker = (): TestWorker['app'] => workers[0]?.app as TestWorker['app'];
  const schedule = () => Promise.all(workers.map(({ app }) => runLoop(app, 'reconciliation-schedule')));
  const anHourPasses = () =>
    database.execute(
      `UPDATE reconciliation_runs SET period_from = period_from - interval '61 minutes',
              period_to = period_to - interval '61 minutes', started_at = started_at - interval '61 minutes'`,
    );
  const queued = () =>
    database.query<{ runId: string }>(`SELECT payload ->> 'runId' AS "runId" FROM outbox WHERE job = 'reconcile-rail'`);

  it('are made once per rail and period, however many workers there are', async () => {
    for (let turn = 0; turn < 5; turn++) await schedule();
    const runs = await runsOf(worker());
    expect(runs).toMatchObject([{ rail: 'sandbox', trigger: 'scheduled', organizationId: null, status: 'running' }]);
    await expect(queued()).resolves.toEqual([{ runId: runs[0]?.id }]);
    await executeRun(worker(), runs[0]?.id ?? '');
    for (let turn = 0; turn < 5; turn++) await schedule();
    await expect(runsOf(worker())).resolves.toHaveLength(1);
  });

  it('leave no gap: each begins before the end of the last one that completed', async () => {
    await schedule();
    const [first] = await runsOf(worker());
    await executeRun(worker(), first?.id ?? '');
    await anHourPasses();
    await schedule();
    const [{ to } = { to: new Date(0) }, second] = await runsOf(worker());
    // The sandbox's horizon of 2 s, and five minutes for commits that were under way.
    expect(to.getTime() - (second?.from.getTime() ?? 0)).toBe(302_000);
    expect(second?.to.getTime()).toBeGreaterThan(to.getTime() + HOUR_MS);
    // The second fails: the third makes up for it.
    await database.execute(`UPDATE reconciliation_runs SET status = 'failed', ended_at = now() WHERE id = $1`, [
      second?.id,
    ]);
    await schedule();
    await expect(runsOf(worker())).resolves.toHaveLength(2);
    await anHourPasses();
    await schedule();
    const [, , third] = await runsOf(worker());
    expect(third).toMatchObject({ status: 'running' });
    expect((third?.to.getTime() ?? 0) - (third?.from.getTime() ?? 0)).toBeGreaterThan(2 * HOUR_MS);
  });

  it('begin before the first money that we booked on the rail', async () => {
    const payer = await createPayer(worker());
    await payer.submit(1);
    await executeDue(worker());
    await database.execute(`UPDATE accounts SET created_at = created_at - interval '10 days' WHERE kind = 'clearing'`);
    await schedule();
    const [run] = await runsOf(worker());
    expect((run?.to.getTime() ?? 0) - (run?.from.getTime() ?? 0)).toBeGreaterThan(240 * HOUR_MS);
  });

  it('are not delayed and not replaced by runs that somebody asks for', async () => {
    await requestRun(worker());
    await schedule();
    expect((await runsOf(worker())).map(({ trigger }) => trigger)).toEqual(['requested', 'scheduled']);
  });

  it('and others are taken up again when their worker died', async () => {
    await schedule();
    const [run] = await runsOf(worker());
    const id = run?.id ?? '';
    const rail = worker().get(SandboxRail, { strict: false });
    // The worker dies while the rail is asked: nothing after it happens.
    const stuck = jest.spyOn(rail, 'fetchStatement').mockImplementation(async function* () {
      yield [];
      await database.execute(`UPDATE reconciliation_runs SET lease_expires_at = now() - interval '1 s' WHERE id = $1`, [
        id,
      ]);
      const other = workers[1]?.app as TestWorker['app'];
      await database.execute(`DELETE FROM outbox`);
      await runLoop(other, 'reconciliation-schedule');
      await expect(queued()).resolves.toEqual([{ runId: id }]);
      await expect(executeRun(other, id)).resolves.toMatchObject({ status: 'completed' });
      yield [];
    });
    // The one that was slow changes nothing when it comes back.
    await expect(executeRun(worker(), id)).resolves.toMatchObject({ status: 'completed' });
    stuck.mockRestore();
  });
});

describe('a reconciliation run', () => {
  let worker: TestWorker;
  let database: Database;
  beforeEach(async () => {
    worker = await startTestWorker({ ...UNHURRIED, RAIL_VISIBILITY_HORIZON_MS: '0' }, { working: false });
    database = worker.app.get(Database);
  });
  afterEach(() => worker.close());

  it('by itself is off when the interval is zero', async () => {
    await runLoop(worker.app, 'reconciliation-schedule');
    await expect(runsOf(worker.app)).resolves.toEqual([]);
  });

  it('is refused for a rail that is not set up', async () => {
    await expect(refusalOf(requestRun(worker.app, { rail: 'http' }))).resolves.toMatchObject({
      code: 'rail_not_configured',
    });
    await expect(refusalOf(requestRun(worker.app, { rail: 'book' }))).resolves.toMatchObject({
      code: 'rail_not_configured',
    });
  });

  it('asked for twice with one key is one run', async () => {
    const to = new Date();
    const period = { from: new Date(to.getTime() - HOUR_MS), to };
    const id = await requestRun(worker.app, period, 'key-1');
    await expect(requestRun(worker.app, period, 'key-1')).resolves.toBe(id);
    await expect(refusalOf(requestRun(worker.app, { ...period, from: new Date(0) }, 'key-1'))).resolves.toMatchObject({
      code: 'idempotency_key_reused',
    });
    await expect(runsOf(worker.app)).resolves.toHaveLength(1);
  });

  it('of one organization sees that organization only, a run of the platform everything', async () => {
    const payers: Payer[] = [await createPayer(worker.app), await createPayer(worker.app)];
    for (const payer of payers) {
      const bulkId = await payer.submit(3);
      await executeDue(worker.app);
      await tamper(worker.app, bulkId, 0, 'amount_minor = 999');
      await forgetAtBank(worker.app, bulkId, 1);
    }
    await bookStranger(worker.app, 'nobody');
    const [acme, beta] = payers.map((payer) => payer.organizationId) as [string, string];
    const own = await reconcile(worker.app, { organizationId: acme });
    expect(own).toMatchObject({ statementLines: 2, newLines: 2, matched: 1, breaksOpened: 2 });
    const classes = async (of: string | null): Promise<string[]> =>
      (await breaksOf(worker.app, of)).map((one) => one.class).sort();
    await expect(classes(acme)).resolves.toEqual(['amount', 'missing_there']);
    await expect(classes(beta)).resolves.toEqual([]);
    await expect(database.query(`SELECT DISTINCT organization_id AS id FROM statement_lines`)).resolves.toEqual([
      { id: acme },
    ]);
    const all = await reconcile(worker.app);
    expect(all).toMatchObject({ statementLines: 5, newLines: 3, matched: 2, breaksOpened: 3 });
    await expect(classes(acme)).resolves.toEqual(['amount', 'missing_there']);
    await expect(classes(beta)).resolves.toEqual(['amount', 'missing_there']);
    await expect(classes(null)).resolves.toEqual([
      'amount',
      'amount',
      'missing_here',
      'missing_there',
      'missing_there',
    ]);
    expect((await runsOf(worker.app, acme)).map(({ id }) => id)).toEqual([own.id]);
    await expect(runsOf(worker.app, beta)).resolves.toEqual([]);
    expect((await runsOf(worker.app)).map(({ id }) => id)).toEqual([own.id, all.id]);
  });

  describe('checks the books', () => {
    let payer: Payer;
    let bulkId: string;
    beforeEach(async () => {
      payer = await createPayer(worker.app);
      bulkId = await payer.submit(3, (line) => (line === 2 ? 'sandbox:reject:AC04' : 'Salary'));
      await executeDue(worker.app);
      await completeAll(worker.app);
    });

    const violated = (report: InvariantReport | null): Record<string, number> =>
      Object.fromEntries(
        (report?.checks ?? []).filter((one) => one.violations > 0).map((one) => [one.check, one.violations]),
      );
    const invariantBreaks = async () => (await breaksOf(worker.app)).filter((one) => one.class === 'invariant');
    /** What a run says after somebody changed rows behind the engine's back; of the platform, and of the payer. */
    async function after(sql: string, parameters: unknown[]): Promise<Record<string, number>> {
      await database.execute(sql, parameters);
      const own = violated((await reconcile(worker.app, { organizationId: payer.organizationId })).invariants);
      const all = violated((await reconcile(worker.app)).invariants);
      expect(own).toEqual(all);
      return all;
    }

    it('and finds nothing in sound ones', async () => {
      const { invariants } = await reconcile(worker.app);
      expect(invariants?.kept).toBe(true);
      expect(invariants?.checks.length).toBeGreaterThanOrEqual(8);
      await expect(invariantBreaks()).resolves.toEqual([]);
    });

    it.each([
      [
        'a settled transfer without its settlement, and a hold that knows nothing of it',
        `UPDATE transfers SET status = 'settled' WHERE bulk_id = $1 AND line = 2`,
        { settlement_booked_once: 1, hold_follows_lines: 1 },
      ],
      [
        'a settlement of a transfer that failed',
        `UPDATE transfers SET status = 'failed' WHERE bulk_id = $1 AND line = 0`,
        { settlement_booked_once: 1, hold_follows_lines: 1 },
      ],
      [
        'a settlement of another amount',
        `UPDATE transfers SET amount_minor = 101 WHERE bulk_id = $1 AND line = 0`,
        { settlement_booked_once: 1, hold_follows_lines: 1, lines_of_bulk_exist: 1 },
      ],
      [
        'a return that was not booked',
        `UPDATE transfers SET status = 'returned' WHERE bulk_id = $1 AND line = 0`,
        { settlement_booked_once: 1 },
      ],
      [
        'a line that is gone',
        `DELETE FROM transfers WHERE bulk_id = $1 AND line = 2`,
        { lines_of_bulk_exist: 1, hold_follows_lines: 1 },
      ],
      [
        'a completed bulk request with an open line',
        `UPDATE transfers SET status = 'in_doubt' WHERE bulk_id = $1 AND line = 2`,
        { completed_once: 1, hold_follows_lines: 1 },
      ],
      [
        'a final bulk request that was never completed',
        `UPDATE bulk_requests SET completed_at = NULL WHERE id = $1`,
        { completed_once: 1 },
      ],
      [
        'an open line that nobody works on',
        `WITH reopened AS (UPDATE bulk_requests SET status = 'processing', completed_at = NULL WHERE id = $1 RETURNING id)
         UPDATE transfers SET status = 'in_doubt' WHERE bulk_id = (SELECT id FROM reopened) AND line = 2`,
        { open_line_has_work: 1, hold_follows_lines: 1 },
      ],
      [
        'a hold that gave up too much',
        `UPDATE holds SET amount_minor = amount_minor + 1, released_minor = released_minor + 1 WHERE reference_id = $1`,
        { hold_follows_lines: 1 },
      ],
      [
        'a balance that is not its entries',
        `UPDATE accounts SET posted_minor = posted_minor + 1
          WHERE id = (SELECT debtor_account_id FROM bulk_requests WHERE id = $1)`,
        { currency_sums_to_zero: 1, posted_is_sum_of_entries: 1 },
      ],
      [
        'a reservation that is not its holds',
        `UPDATE accounts SET reserved_minor = reserved_minor + 1
          WHERE id = (SELECT debtor_account_id FROM bulk_requests WHERE id = $1)`,
        { reserved_is_sum_of_holds: 1 },
      ],
    ])('and finds %s', async (_, sql, expected) => {
      await expect(after(sql, [bulkId])).resolves.toEqual(expected);
      const found = await invariantBreaks();
      // The sum of a currency is told twice: of the organization, and of the platform.
      const count = Object.keys(expected).length + ('currency_sums_to_zero' in expected ? 1 : 0);
      expect(found).toHaveLength(count);
      expect(found.every((one) => one.source === 'invariants' && one.status === 'open' && one.found !== '')).toBe(true);
      await reconcile(worker.app);
      await expect(invariantBreaks()).resolves.toHaveLength(count);
    });

    it('of its own organization only', async () => {
      await database.execute(`UPDATE transfers SET status = 'settled' WHERE bulk_id = $1 AND line = 2`, [bulkId]);
      const other = await createPayer(worker.app);
      await expect(reconcile(worker.app, { organizationId: other.organizationId })).resolves.toMatchObject({
        invariants: { kept: true },
      });
    });
  });

  it('that has ended is not made again', async () => {
    const run = await reconcile(worker.app);
    await expect(executeRun(worker.app, run.id)).resolves.toEqual(run);
    await expect(getRun(worker.app, run.id)).resolves.toEqual(run);
  });
});
