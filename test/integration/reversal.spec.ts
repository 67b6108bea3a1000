import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { AccountsService } from '../../src/modules/accounts/index.js';
import { controlOf } from '../factories/bulk-control.js';
import { creditTransfers, germanIban, submit, submitBulk } from '../factories/bulk-requests.js';
import { createAccount, createFundedAccount, createOrganization } from '../factories/organizations.js';
import {
  completeAll,
  executeDue,
  finish,
  runLoop,
  statusesOf,
  submissionsOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('a bulk with on_failure: reverse', () => {
  let worker: TestWorker;
  let database: Queryable;
  let organizationId: string;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '2' }, { working: false });
    database = ownerOf(worker.app);
    organizationId = (await createOrganization(worker.app)).id;
  });
  afterAll(() => finish(worker, { open }));

  async function submitted(words: string[], ibans: Record<number, string> = {}) {
    const account = await createFundedAccount(worker.app, { organizationId, amount: `${words.length}.00` });
    const lines = creditTransfers(words.length, (line) => words[line] ?? '');
    const { bulkId } = await submitBulk(worker.app, organizationId, {
      debtor_account_id: account.id,
      on_failure: 'reverse',
      credit_transfers: lines.map((line, at) => ({ ...line, counterparty_iban: ibans[at] ?? line.counterparty_iban })),
    });
    return { bulkId, accountId: account.id };
  }
  /** What the stop job does when a worker takes it. */
  const stop = async (): Promise<void> => {
    const { StopBulkRequest } = await import('../../src/modules/bulk-requests/application/stop-bulk-request.js');
    const { OutboxRepository } = await import('../../src/platform/outbox/index.js');
    const jobs = await database.query<{ id: string; organizationId: string; bulkId: string }>(
      `SELECT id, organization_id AS "organizationId", payload ->> 'bulkId' AS "bulkId" FROM outbox WHERE job = 'stop-bulk-request'`,
    );
    for (const { id, organizationId, bulkId } of jobs) {
      await worker.app.get(StopBulkRequest, { strict: false }).stop(organizationId, bulkId);
      await worker.app.get(OutboxRepository, { strict: false }).delete(id);
    }
  };
  const bulkOf = (bulkId: string) => worker.app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);
  const reversalsOf = async (bulkId: string): Promise<string[]> =>
    (
      await database.query<{ id: string }>(
        `SELECT id FROM bulk_requests WHERE origin_id = $1 AND origin = 'reversal' ORDER BY id`,
        [bulkId],
      )
    ).map(({ id }) => id);
  const balanceOf = async (accountId: string) => {
    const [row] = await database.query<{ posted: bigint; reserved: bigint }>(
      `SELECT posted_minor AS posted, reserved_minor AS reserved FROM accounts WHERE id = $1`,
      [accountId],
    );
    return row;
  };

  it('takes back what it paid, as transfers of a bulk of their own, and ends as reversed', async () => {
    const { bulkId, accountId } = await submitted(['a', 'b', 'c', 'sandbox:reject:AC04', 'e', 'f']);
    await executeDue(worker.app);
    await stop();
    await completeAll(worker.app);
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversing' });
    const [reversal] = await reversalsOf(bulkId);
    await workOff(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 5, failed: 1 });
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversed', settledMinor: 500n });
    await expect(bulkOf(reversal ?? '')).resolves.toMatchObject({
      status: 'completed',
      origin: 'reversal',
      originId: bulkId,
      settledMinor: 500n,
    });
    await expect(balanceOf(accountId)).resolves.toEqual({ posted: 600n, reserved: 0n });
    expect(await submissionsOf(worker.app, reversal ?? '')).toEqual([1, 1, 1, 1, 1]);
  });

  it('takes it back, too, when its completion is asked for before the job that stops it is taken', async () => {
    const first = await submitted(['a', 'sandbox:reject:AC04']);
    const paused = await submitted(['a', 'sandbox:reject:AC04']);
    await executeDue(worker.app);
    await controlOf(worker.app, organizationId).pause(paused.bulkId);
    await completeAll(worker.app);
    for (const { bulkId } of [first, paused]) {
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversing' });
      await expect(reversalsOf(bulkId)).resolves.toHaveLength(1);
    }
    await stop();
    await workOff(worker.app);
    for (const { bulkId, accountId } of [first, paused]) {
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversed' });
      await expect(reversalsOf(bulkId)).resolves.toHaveLength(1);
      await expect(balanceOf(accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    }
  });

  it('cancels what was not sent when the first line fails, and takes back the rest', async () => {
    const { bulkId, accountId } = await submitted(['a', 'sandbox:reject:AC04', 'sandbox:retry:1', 'sandbox:retry:1']);
    await executeDue(worker.app);
    await stop();
    await workOff(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1, failed: 1, cancelled: 2 });
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversed' });
    await expect(balanceOf(accountId)).resolves.toEqual({ posted: 400n, reserved: 0n });
  });

  it('ends as reversed when nothing was paid, and as completed when nothing failed', async () => {
    const nothingPaid = await submitted(['sandbox:reject:AC04']);
    const nothingFailed = await submitted(['a']);
    await executeDue(worker.app);
    await stop();
    await workOff(worker.app);
    await expect(bulkOf(nothingPaid.bulkId)).resolves.toMatchObject({ status: 'reversed' });
    await expect(reversalsOf(nothingPaid.bulkId)).resolves.toEqual([]);
    await expect(bulkOf(nothingFailed.bulkId)).resolves.toMatchObject({ status: 'completed' });
  });

  it('waits for a person where the rail refuses to take a payment back', async () => {
    const { bulkId, accountId } = await submitted(['sandbox:irreversible', 'b', 'sandbox:reject:AC04']);
    await executeDue(worker.app);
    await stop();
    await workOff(worker.app);
    const [reversal = ''] = await reversalsOf(bulkId);
    await expect(statusesOf(worker.app, reversal)).resolves.toEqual({ manual_review: 1, settled: 1 });
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversing' });
    await expect(balanceOf(accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    open.push(bulkId, reversal);
  });

  it('does not wait with the others for a line that waits for a person, and takes that one back when it turns out paid', async () => {
    const { bulkId } = await submitted(['a', 'sandbox:timeout', 'sandbox:reject:AC04']);
    await executeDue(worker.app);
    await database.execute(
      `UPDATE transfers SET status = 'manual_review', attention = 'manual_review' WHERE bulk_id = $1 AND line = 1`,
      [bulkId],
    );
    await database.execute(
      `INSERT INTO bulk_tallies (organization_id, bulk_id, source, in_doubt_count, manual_review_count) VALUES ($1, $2, 'operator', -1, 1)`,
      [organizationId, bulkId],
    );
    await database.execute(
      `INSERT INTO transfer_transitions (organization_id, transfer_id, source, attempt, from_status, to_status)
       SELECT organization_id, id, 'inquiry', 1, 'in_doubt', 'manual_review' FROM transfers WHERE bulk_id = $1 AND line = 1`,
      [bulkId],
    );
    await database.execute(
      `UPDATE chunks SET status = 'closed', closed_at = now() WHERE bulk_id = $1 AND purpose <> 'submit'`,
      [bulkId],
    );
    await stop();
    await workOff(worker.app);
    await expect(reversalsOf(bulkId)).resolves.toHaveLength(1);
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversing' });
    await database.execute(
      `INSERT INTO rail_evidence (id, organization_id, rail, reference, transfer_id, source, status)
       SELECT gen_random_uuid(), organization_id, 'sandbox', replace(id::text, '-', ''), id, 'callback', 'settled'
         FROM transfers WHERE bulk_id = $1 AND line = 1`,
      [bulkId],
    );
    await runLoop(worker.app, 'rail-evidence');
    await workOff(worker.app);
    await expect(reversalsOf(bulkId)).resolves.toHaveLength(2);
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'reversed' });
  });

  it('debits the account it credited in our own books, if that still has the money, and never one of another organization', async () => {
    const own = await createAccount(worker.app, { organizationId, iban: germanIban(9_100_001) });
    const spent = await createAccount(worker.app, { organizationId, iban: germanIban(9_100_002) });
    const other = await createOrganization(worker.app);
    const foreign = await createAccount(worker.app, { organizationId: other.id, iban: germanIban(9_100_003) });
    await worker.app.get(AccountsService, { strict: false }).verify(other.id, foreign.id);
    const ibans = { 0: germanIban(9_100_001), 1: germanIban(9_100_002), 2: germanIban(9_100_003) };
    const { bulkId, accountId } = await submitted(['own', 'spent', 'foreign', 'sandbox:reject:AC04'], ibans);
    await executeDue(worker.app);
    const spending = { debtor_account_id: spent.id, credit_transfers: creditTransfers(1) };
    expect((await submit(worker.app, organizationId, spending)).status).toBe(202);
    await stop();
    await workOff(worker.app);
    const [reversal = ''] = await reversalsOf(bulkId);
    const lines = await database.query(
      `SELECT line, status, failure_code AS code FROM transfers WHERE bulk_id = $1 ORDER BY line`,
      [reversal],
    );
    expect(lines).toEqual([
      { line: 0, status: 'settled', code: null },
      { line: 1, status: 'manual_review', code: 'AM04' },
      { line: 2, status: 'manual_review', code: 'AG01' },
    ]);
    await expect(balanceOf(own.id)).resolves.toEqual({ posted: 0n, reserved: 0n });
    await expect(balanceOf(foreign.id)).resolves.toEqual({ posted: 100n, reserved: 0n });
    await expect(balanceOf(accountId)).resolves.toEqual({ posted: 200n, reserved: 0n });
    open.push(bulkId, reversal);
  });
});
