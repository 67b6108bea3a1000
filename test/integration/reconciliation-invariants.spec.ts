import type { InvariantReport } from '../../src/modules/reconciliation/domain/invariant-check.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { completeAll, executeDue, UNHURRIED } from '../support/engine-steps.js';
import { breaksOf, reconcile } from '../support/reconciliation-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf, tampererOf } from '../support/owner.js';

describe('the check of the books in a reconciliation run', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  let bulkId: string;
  beforeEach(async () => {
    worker = await startTestWorker({ ...UNHURRIED, RAIL_VISIBILITY_HORIZON_MS: '0' }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
    bulkId = await payer.submit(3, (line) => (line === 2 ? 'sandbox:reject:AC04' : 'Salary'));
    await executeDue(worker.app);
    await completeAll(worker.app);
  });
  afterEach(() => worker.close());

  const violated = (report: InvariantReport | null): Record<string, number> =>
    Object.fromEntries(
      (report?.checks ?? []).filter((one) => one.violations > 0).map((one) => [one.check, one.violations]),
    );
  const invariantBreaks = async () => (await breaksOf(worker.app)).filter((one) => one.class === 'invariant');
  /** What a run says after somebody changed rows behind the engine's back; of the platform, and of the payer. */
  async function after(sql: string, parameters: unknown[]): Promise<Record<string, number>> {
    await tampererOf(worker.app).execute(sql, parameters);
    const own = violated((await reconcile(worker.app, { organizationId: payer.organizationId })).invariants);
    const all = violated((await reconcile(worker.app)).invariants);
    expect(own).toEqual(all);
    return all;
  }

  it('finds nothing in sound ones', async () => {
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
  ])('finds %s', async (_, sql, expected) => {
    await expect(after(sql, [bulkId])).resolves.toEqual(expected);
    const found = await invariantBreaks();
    // The sum of a currency is told twice: of the organization, and of the platform.
    const count = Object.keys(expected).length + ('currency_sums_to_zero' in expected ? 1 : 0);
    expect(found).toHaveLength(count);
    expect(found.every((one) => one.source === 'invariants' && one.status === 'open' && one.found !== '')).toBe(true);
    await reconcile(worker.app);
    await expect(invariantBreaks()).resolves.toHaveLength(count);
  });

  it('looks at its own organization only', async () => {
    await database.execute(`UPDATE transfers SET status = 'settled' WHERE bulk_id = $1 AND line = 2`, [bulkId]);
    const other = await createPayer(worker.app);
    await expect(reconcile(worker.app, { organizationId: other.organizationId })).resolves.toMatchObject({
      invariants: { kept: true },
    });
  });
});
