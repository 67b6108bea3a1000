import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { type BulkControl, controlOf } from '../factories/bulk-control.js';
import { creditTransfers } from '../factories/bulk-requests.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { finish, transfersOf, UNHURRIED, workOff } from '../support/engine-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const REJECT = 'sandbox:reject:AC04';

describe('retrying failed lines that were paid since', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  let control: BulkControl;
  const contradicted: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
    control = controlOf(worker.app, payer.organizationId);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { contradicted }));

  const viewOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
  /** The id of an ended bulk of which the sandbox rejected these lines. */
  const endedWith = async (lines: number, failed: readonly number[], values?: Partial<Submission>): Promise<string> => {
    const bulkId = await payer.submit(lines, (line) => (failed.includes(line) ? REJECT : 'Salary'), values);
    await workOff(worker.app);
    return bulkId;
  };
  const retried = async (bulkId: string): Promise<string> => {
    const { status, body } = await control.retryFailed(bulkId);
    expect(status).toBe(202);
    return body.id ?? '';
  };
  const linesOf = async (bulkId: string): Promise<number[]> => {
    const rows = await database.query<{ line: number }>(`SELECT line FROM transfers WHERE bulk_id = $1 ORDER BY line`, [
      bulkId,
    ]);
    return rows.map(({ line }) => line);
  };

  it('tells of a payment made at any time since the failed one was asked for, and of none before', async () => {
    const paying = (description: string) => ({
      credit_transfers: creditTransfers(1, () => description).map((line) => ({ ...line, amount: '3.33' })),
    });
    const warningsInAMonth = async (bulkId: string): Promise<readonly string[]> => {
      const later = Date.now() + 30 * 86_400_000;
      jest.spyOn(Date, 'now').mockReturnValue(later);
      const retryId = await retried(bulkId);
      jest.restoreAllMocks();
      await workOff(worker.app);
      return (await viewOf(retryId)).warnings;
    };
    await endedWith(1, [], paying('Salary'));
    const failed = [await endedWith(1, [], paying(REJECT)), await endedWith(1, [], paying(REJECT))] as const;
    await expect(warningsInAMonth(failed[0])).resolves.toEqual([]);
    const paid = await endedWith(1, [], paying('Salary'));
    const [transfer] = await transfersOf(worker.app, paid);
    const like = `suspected_duplicate: /credit_transfers/0 looks like the transfer ${transfer?.id}`;
    await expect(warningsInAMonth(failed[1])).resolves.toEqual([like]);
  });

  describe('leaves out a line that is said to have been paid after all', () => {
    const sayPaid = async (bulkId: string, line: number): Promise<void> => {
      contradicted.push(bulkId);
      const transfer = (await transfersOf(worker.app, bulkId))[line];
      await database.execute(
        `INSERT INTO rail_evidence (id, organization_id, rail, reference, transfer_id, source, status)
         VALUES (gen_random_uuid(), $1, 'sandbox', replace($2::text, '-', ''), $2::uuid, 'callback', 'settled')`,
        [payer.organizationId, transfer?.id],
      );
    };

    it('by its rail', async () => {
      const bulkId = await endedWith(3, [0, 1]);
      await sayPaid(bulkId, 0);
      const retryId = await retried(bulkId);
      await expect(linesOf(retryId)).resolves.toEqual([1]);
    });

    it('by a statement', async () => {
      const bulkId = await endedWith(2, [0, 1]);
      const [transfer] = await transfersOf(worker.app, bulkId);
      await database.execute(
        `WITH run AS (INSERT INTO reconciliation_runs (id, rail, trigger, period_from, period_to)
                      VALUES (gen_random_uuid(), 'sandbox', 'requested', now() - interval '1 day', now()) RETURNING id)
         INSERT INTO statement_lines (rail, rail_id, status, reference, transfer_id, organization_id, amount_minor, currency, booked_at, run_id)
         SELECT 'sandbox', 'sbx-said-paid', 'settled', replace(t.id::text, '-', ''), t.id, t.organization_id, 100, 'EUR', now(), run.id
           FROM run, transfers t WHERE t.id = $1`,
        [transfer?.id],
      );
      const retryId = await retried(bulkId);
      await expect(linesOf(retryId)).resolves.toEqual([1]);
    });

    it('also when there is no other: then there is nothing to retry', async () => {
      const bulkId = await endedWith(1, [0]);
      await sayPaid(bulkId, 0);
      expect(await refusalOf(control.retryFailed(bulkId))).toMatchObject({ code: 'nothing_to_retry' });
    });
  });
});
