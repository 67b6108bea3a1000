import { SandboxRail } from '../../src/modules/rails/adapters/sandbox.rail.js';
import { MAX_ATTEMPTS } from '../../src/modules/reconciliation/domain/run.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { executeDue, runLoop, UNHURRIED } from '../support/engine-steps.js';
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
import { ownerOf } from '../support/owner.js';

const HOUR_MS = 3_600_000;

describe('scheduled reconciliation runs', () => {
  let workers: TestWorker[];
  let database: Queryable;
  beforeEach(async () => {
    const env = { ...UNHURRIED, RECONCILIATION_INTERVAL_MS: String(HOUR_MS) };
    const first = await startTestWorker(env, { working: false });
    workers = [first, await startTestWorker(env, { working: false, databaseUrl: first.databaseUrl })];
    database = ownerOf(first.app);
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

  it('and others are given up when nobody who takes them up lives to end them', async () => {
    await schedule();
    const [run] = await runsOf(worker());
    const id = run?.id ?? '';
    // All of them were killed in the middle, by the run perhaps: none of them said anything.
    await database.execute(`UPDATE reconciliation_runs SET attempts = $2, lease_expires_at = now() WHERE id = $1`, [
      id,
      MAX_ATTEMPTS,
    ]);
    const asked = jest.spyOn(worker().get(SandboxRail, { strict: false }), 'fetchStatement');
    await expect(executeRun(worker(), id)).resolves.toMatchObject({
      status: 'failed',
      failure: 'The workers that took it up stopped before it ended.',
    });
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });
});

describe('a reconciliation run', () => {
  let worker: TestWorker;
  let database: Queryable;
  beforeEach(async () => {
    worker = await startTestWorker({ ...UNHURRIED, RAIL_VISIBILITY_HORIZON_MS: '0' }, { working: false });
    database = ownerOf(worker.app);
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

  it('that has ended is not made again', async () => {
    const run = await reconcile(worker.app);
    await expect(executeRun(worker.app, run.id)).resolves.toEqual(run);
    await expect(getRun(worker.app, run.id)).resolves.toEqual(run);
  });
});
