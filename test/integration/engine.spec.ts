import { creditTransfers, submitBulk, untilEnded } from '../factories/bulk-requests.js';
import { createFundedAccount, createOrganization } from '../factories/organizations.js';
import { assertInvariants } from '../support/invariants.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('the engine with the sandbox rail', () => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await startTestWorker();
  });
  afterAll(async () => {
    try {
      await assertInvariants(ownerOf(worker.app));
    } finally {
      await worker.close();
    }
  });

  it('ends every line as its steering words say, and completes the bulk', async () => {
    const { app } = worker;
    const organization = await createOrganization(app);
    const account = await createFundedAccount(app, { organizationId: organization.id, amount: '1000.00' });
    const words = ['sandbox:reject:AC04', 'sandbox:retry:2', 'sandbox:timeout', 'sandbox:lost', 'sandbox:accept'];
    const { bulkId } = await submitBulk(app, organization.id, {
      debtor_account_id: account.id,
      credit_transfers: creditTransfers(250, (line) => words[line] ?? 'Salary'),
    });
    const bulk = await untilEnded(app, organization.id, bulkId);
    expect(bulk.status).toBe('partially_completed');
    expect(bulk.counts).toMatchObject({ settled: 249, failed: 1, pending: 0, inDoubt: 0 });
    const [row] = await ownerOf(app).query<{ posted: bigint; reserved: bigint }>(
      `SELECT posted_minor AS posted, reserved_minor AS reserved FROM accounts WHERE id = $1`,
      [account.id],
    );
    expect(row).toEqual({ posted: 100_000n - 24_900n, reserved: 0n });
  });

  it('stops a bulk at its first failure when it was asked to, and tells what was cancelled', async () => {
    const { app } = worker;
    const organization = await createOrganization(app);
    const account = await createFundedAccount(app, { organizationId: organization.id, amount: '1000.00' });
    const { bulkId } = await submitBulk(app, organization.id, {
      debtor_account_id: account.id,
      on_failure: 'stop',
      credit_transfers: creditTransfers(1_000, (line) => (line === 0 ? 'sandbox:reject:AC04' : 'Salary')),
    });
    const { status, counts } = await untilEnded(app, organization.id, bulkId);
    expect(counts).toMatchObject({ failed: 1, pending: 0, inDoubt: 0, manualReview: 0 });
    expect(counts.settled + counts.cancelled).toBe(999);
    expect(status).toBe(counts.settled > 0 ? 'partially_completed' : 'failed');
  });
});
