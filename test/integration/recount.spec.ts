import { CompleteBulkRequest } from '../../src/modules/bulk-requests/application/complete-bulk-request.js';
import { RecountBulkRequest } from '../../src/modules/bulk-requests/application/recount-bulk-request.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeDue,
  finish,
  onlyChunkOf,
  openChunksOf,
  statusesOf,
  submissionsOf,
  takeChunk,
  transfersOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { untilSomebodyWaits } from '../support/transfer-steps.js';
import { ownerOf, tampererOf } from '../support/owner.js';

/** Only a defect of ours can bring a bulk here; the tests play the defect by writing to the tables. */
describe('a bulk that does not add up', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, COMPLETION_MAX_FAILURES: '2' }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
  });
  afterAll(() => finish(worker, { open }));

  const workedOff = async (): Promise<string> => {
    const bulkId = await payer.submit(4, (line) => (line === 0 ? 'sandbox:reject:AC04' : 'Salary'));
    await executeDue(worker.app);
    return bulkId;
  };
  const complete = (bulkId: string) =>
    worker.app.get(CompleteBulkRequest, { strict: false }).complete(payer.organizationId, bulkId);
  const recount = (bulkId: string) =>
    worker.app.get(RecountBulkRequest, { strict: false }).recount(payer.organizationId, bulkId);
  const breaksOf = (bulkId: string) =>
    database.query<{ class: string; source: string; found: string }>(
      `SELECT class, source, found FROM reconciliation_breaks WHERE bulk_id = $1 ORDER BY id`,
      [bulkId],
    );
  const statusOf = async (bulkId: string) =>
    (await database.query<{ status: string }>(`SELECT status FROM bulk_requests WHERE id = $1`, [bulkId]))[0]?.status;

  it('is recounted after as many failed completions as are allowed, not before', async () => {
    const bulkId = await workedOff();
    await database.execute(`UPDATE bulk_tallies SET settled_count = settled_count - 1 WHERE bulk_id = $1`, [bulkId]);
    const asked = () =>
      database.query(`SELECT 1 FROM outbox WHERE job = 'recount-bulk-request' AND payload ->> 'bulkId' = $1`, [bulkId]);
    await expect(complete(bulkId)).rejects.toMatchObject({ code: 'invariant_violated' });
    await expect(asked()).resolves.toHaveLength(0);
    await expect(complete(bulkId)).rejects.toMatchObject({ code: 'invariant_violated' });
    await expect(asked()).resolves.toHaveLength(1);
    await recount(bulkId);
    await expect(complete(bulkId)).resolves.toBe('partially_completed');
  });

  it.each<[string, string, string]>([
    [
      'tallies that miss a line',
      `UPDATE bulk_tallies SET settled_count = settled_count - 1, settled_minor = settled_minor - 100 WHERE bulk_id = $1`,
      'the tallies did not match the lines and were corrected',
    ],
    [
      'a hold that released too little, the account with it',
      `WITH h AS (UPDATE holds SET released_minor = released_minor - 100 WHERE reference_id = $1 RETURNING account_id)
       UPDATE accounts SET reserved_minor = reserved_minor + 100 WHERE id = (SELECT account_id FROM h)`,
      'the hold lagged behind by 0 captured and 100 released minor units',
    ],
    [
      'a hold that captured too little, the account being right',
      `UPDATE holds SET captured_minor = captured_minor - 100 WHERE reference_id = $1`,
      'the hold lagged behind by 100 captured and 0 released minor units',
    ],
  ])('is put right and completed, and a person is told: %s', async (_what, defect, found) => {
    const bulkId = await workedOff();
    await tampererOf(worker.app).execute(defect, [bulkId]);
    await expect(complete(bulkId)).rejects.toMatchObject({ code: 'invariant_violated' });
    await expect(recount(bulkId)).resolves.toEqual([found]);
    await expect(complete(bulkId)).resolves.toBe('partially_completed');
    await expect(breaksOf(bulkId)).resolves.toEqual([{ class: 'invariant', source: 'completion', found }]);
  });

  it('has lines nobody works on any more worked on again: the unsent sent, the others asked about', async () => {
    const bulkId = await payer.submit(4, (line) => (line < 2 ? 'sandbox:timeout' : 'sandbox:retry:1'));
    await executeDue(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 2, pending: 2 });
    await database.execute(`UPDATE chunks SET status = 'closed', closed_at = now() WHERE bulk_id = $1`, [bulkId]);
    await expect(complete(bulkId)).rejects.toMatchObject({ code: 'invariant_violated' });
    await expect(recount(bulkId)).resolves.toEqual(['4 open lines were in no chunk and are worked on again']);
    const chunks = await openChunksOf(worker.app, bulkId);
    expect(chunks.map(({ purpose, lineCount }) => [purpose, lineCount]).sort()).toEqual([
      ['inquire', 2],
      ['submit', 2],
    ]);
    await workOff(worker.app);
    await expect(statusOf(bulkId)).resolves.toBe('completed');
  });

  it.each<[string, string]>([
    ['let them out', `UPDATE chunks SET status = 'closed', closed_at = now() WHERE bulk_id = $1`],
    ['is gone', `DELETE FROM chunks WHERE bulk_id = $1`],
  ])('does not send lines again whose chunk %s: the rail is asked first', async (_what, defect) => {
    const bulkId = await payer.submit(3);
    // Somebody may be paying them right now, and will have nowhere to write what became of them.
    await takeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    await tampererOf(worker.app).execute(defect, [bulkId]);
    await expect(recount(bulkId)).resolves.toEqual(['3 open lines were in no chunk and are worked on again']);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 3 });
    const chunks = await openChunksOf(worker.app, bulkId);
    expect(chunks.map(({ purpose, lineCount }) => [purpose, lineCount])).toEqual([['inquire', 3]]);
    const lines = await transfersOf(worker.app, bulkId);
    expect(lines.map(({ attempts, possiblySent }) => [attempts, possiblySent])).toEqual(Array(3).fill([1, true]));
    await workOff(worker.app);
    await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([1, 1, 1]);
  });

  it('is left open where no two books agree: nothing is moved, a person decides', async () => {
    const bulkId = await workedOff();
    const before = await database.query(`SELECT posted_minor, reserved_minor FROM accounts ORDER BY id`);
    const tampered = `UPDATE holds SET captured_minor = captured_minor + 100, released_minor = 0 WHERE reference_id = $1`;
    await tampererOf(worker.app).execute(tampered, [bulkId]);
    await expect(recount(bulkId)).resolves.toEqual([
      'lines, hold and ledger disagree: nothing was moved, a person has to decide',
    ]);
    await expect(database.query(`SELECT posted_minor, reserved_minor FROM accounts ORDER BY id`)).resolves.toEqual(
      before,
    );
    await expect(complete(bulkId)).rejects.toMatchObject({ code: 'invariant_violated' });
    await expect(recount(bulkId)).resolves.toHaveLength(1);
    await expect(breaksOf(bulkId)).resolves.toHaveLength(1);
    await tampererOf(worker.app).execute(
      `UPDATE holds SET captured_minor = 300, released_minor = 100 WHERE reference_id = $1`,
      [bulkId],
    );
    await expect(complete(bulkId)).resolves.toBe('partially_completed');
  });

  it('is recounted in the one lock order: the hold first, so that whoever records one of its lines can end', async () => {
    const bulkId = await workedOff();
    await tampererOf(worker.app).execute(
      `UPDATE holds SET captured_minor = captured_minor - 100 WHERE reference_id = $1`,
      [bulkId],
    );
    let recounting: Promise<string[]> | undefined;
    await worker.app.get(UnitOfWork).run(PLATFORM, async (tx) => {
      await tx.execute(`SELECT FROM holds WHERE reference_id = $1 FOR NO KEY UPDATE`, [bulkId]);
      recounting = recount(bulkId);
      await untilSomebodyWaits(worker.app);
      await tx.execute(`SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE NOWAIT`, [payer.accountId]);
    });
    await expect(recounting).resolves.toEqual(['the hold lagged behind by 100 captured and 0 released minor units']);
    await expect(complete(bulkId)).resolves.toBe('partially_completed');
  });

  it('that does add up is left as it is', async () => {
    const bulkId = await workedOff();
    await expect(recount(bulkId)).resolves.toEqual([]);
    await expect(complete(bulkId)).resolves.toBe('partially_completed');
    await expect(recount(bulkId)).resolves.toEqual([]);
  });
});
