import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { TransfersQueries } from '../../src/modules/transfers/index.js';
import { CancelTransfer } from '../../src/modules/transfers/application/cancel-transfer.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { type Approvals, approvalsFor, approver, setApproval } from '../factories/approvals.js';
import { type BulkControl, controlOf } from '../factories/bulk-control.js';
import { MAKER } from '../factories/bulk-requests.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { assertDismissed } from '../support/approval-steps.js';
import { balanceOf } from '../support/balances.js';
import {
  completeAll,
  executeDue,
  finish,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  submissionsOf,
  transfersOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { sayOfLine } from '../support/evidence-steps.js';
import { proofDtoOf } from '../support/proof-steps.js';
import { ownerOf } from '../support/owner.js';
import { refusalOf } from '../support/refusal.js';
import { rememberIbans } from '../support/transfer-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const [FIRST, SECOND, THIRD] = [approver('first'), approver('second'), approver('third')];

describe('a bulk request that needs approval', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  let control: BulkControl;
  let approvals: Approvals;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app);
    control = controlOf(worker.app, payer.organizationId);
    approvals = approvalsFor(worker.app, payer.organizationId);
    await setApproval(worker.app, payer.organizationId, { transferCountOver: 10, approvers: 2 });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { open }));

  const viewOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
  const reserved = async () => (await balanceOf(worker.app, payer.accountId))?.reserved;
  const expireNow = (bulkId: string) =>
    database.execute(`UPDATE approval_requests SET expires_at = now() - interval '1 s' WHERE bulk_id = $1`, [bulkId]);
  const expectDismissed = (bulkId: string, status: string, lines: number) =>
    assertDismissed(worker.app, payer, { bulkId, status, lines });

  it('waits with its money reserved, and nothing hands out what is in it', async () => {
    const bulkId = await payer.submit(25);
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'awaiting_approval', counts: { pending: 25 } });
    await expect(reserved()).resolves.toBe(2_500n);
    await skipTime(worker.app); // as if its chunks were due, which they never are
    await expect(executeDue(worker.app)).resolves.toEqual([]);
    await runLoop(worker.app, 'dispatch-sandbox');
    await runLoop(worker.app, 'sweep-chunks');
    await runLoop(worker.app, 'sweep-bulk-requests');
    await completeAll(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 25 });
    expect((await openChunksOf(worker.app, bulkId)).map(({ status }) => status)).toEqual(['open', 'open', 'open']);
    await expect(proofDtoOf(worker.app, payer.organizationId, bulkId)).resolves.toMatchObject({ balanced: true });
    open.push(bulkId);
  });

  it('tells no time of a next attempt while it waits', async () => {
    const bulkId = await payer.submit(11);
    const queries = worker.app.get(TransfersQueries, { strict: false });
    const { data } = await queries.listOfBulk(
      { organizationId: payer.organizationId, bulkId },
      { limit: 1, showIbans: false },
    );
    expect(data).toMatchObject([{ status: 'pending', next_attempt_at: null }]);
    await control.cancel(bulkId);
  });

  it('is paid after the last approval, and not before', async () => {
    const bulkId = await payer.submit(25);
    await expect(approvals.approve(bulkId, FIRST)).resolves.toBe('waiting 1');
    await expect(executeDue(worker.app)).resolves.toEqual([]);
    await expect(approvals.approve(bulkId, SECOND)).resolves.toBe('approved 2');
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'processing' });
    await workOff(worker.app);
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'completed', counts: { settled: 25 } });
    await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual(Array.from({ length: 25 }, () => 1));
    await expect(approvals.of(bulkId)).resolves.toMatchObject({
      request: { outcome: 'approved', reasons: [{ code: 'transfer_count_over', over: '10', actual: '25' }] },
      decisions: [{ approver: FIRST }, { approver: SECOND }],
    });
  });

  it('is not approved twice by one, nor by whoever submitted it', async () => {
    const bulkId = await payer.submit(11);
    await expect(approvals.approve(bulkId, FIRST, { key: 'k' })).resolves.toBe('waiting 1');
    await expect(approvals.approve(bulkId, FIRST, { key: 'k' })).resolves.toBe('waiting 1');
    await expect(approvals.approve(bulkId, FIRST)).resolves.toBe('waiting 1');
    await expect(approvals.approve(bulkId, { ...FIRST, keyId: bulkId })).resolves.toBe('waiting 1');
    expect(await refusalOf(approvals.approve(bulkId, MAKER))).toMatchObject({
      kind: 'forbidden',
      code: 'maker_cannot_approve',
    });
    // The same id with a rotated key is the same person.
    expect(await refusalOf(approvals.approve(bulkId, { ...MAKER, keyId: bulkId }))).toMatchObject({
      code: 'maker_cannot_approve',
    });
    // An answer that was given to somebody else is no approval.
    expect(await refusalOf(approvals.approve(bulkId, SECOND, { key: 'k' }))).toMatchObject({
      code: 'idempotency_key_reused',
    });
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'awaiting_approval' });
    await approvals.approve(bulkId, SECOND);
    // The answer to the last one may be lost on its way.
    await expect(approvals.approve(bulkId, SECOND)).resolves.toBe('approved 2');
    expect(await refusalOf(approvals.approve(bulkId, THIRD))).toMatchObject({
      code: 'invalid_state',
      details: { members: { current_status: 'processing' } },
    });
    await workOff(worker.app);
  });

  it('is approved by its hash only', async () => {
    const bulkId = await payer.submit(11);
    expect(await refusalOf(approvals.approve(bulkId, FIRST, { hash: '0'.repeat(64) }))).toMatchObject({
      kind: 'rule',
      code: 'payload_hash_mismatch',
    });
    await expect(approvals.of(bulkId)).resolves.toMatchObject({ decisions: [] });
    await control.cancel(bulkId);
  });

  it.each([
    [
      'transfers',
      `SET counterparty_iban_sealed = o.counterparty_iban_sealed FROM transfers o
        WHERE t.bulk_id = $1 AND t.line = 7 AND o.bulk_id = $1 AND o.line = 6`,
    ],
    ['transfers', `SET amount_minor = 99 WHERE bulk_id = $1 AND line = 3`],
    ['transfers', `SET creditor_account_id = debtor_account_id, rail = 'book' WHERE bulk_id = $1 AND line = 0`],
    ['bulk_requests', `SET on_failure = 'stop' WHERE id = $1`],
  ])('is not released once somebody has been at the %s: %s', async (table, change) => {
    const bulkId = await payer.submit(11);
    await approvals.approve(bulkId, FIRST);
    const before = await transfersOf(worker.app, bulkId);
    const putBack = await rememberIbans(worker.app, bulkId);
    await database.execute(`UPDATE ${table} t ${change.replace('WHERE bulk_id', 'WHERE t.bulk_id')}`, [bulkId]);
    expect(await refusalOf(approvals.approve(bulkId, SECOND))).toMatchObject({
      kind: 'conflict',
      code: 'payload_changed',
    });
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'awaiting_approval' });
    await expect(approvals.of(bulkId)).resolves.toMatchObject({ decisions: [{ approver: FIRST }] });
    await expect(executeDue(worker.app)).resolves.toEqual([]);
    expect((await transfersOf(worker.app, bulkId)).map(({ status }) => status)).toEqual(
      before.map(({ status }) => status),
    );
    await putBack();
    await undo(bulkId);
    await control.cancel(bulkId);
  });

  /** Puts back what the cases above change, so that the books add up again at the end. */
  const undo = async (bulkId: string) => {
    await database.execute(
      `UPDATE transfers SET amount_minor = 100, creditor_account_id = NULL, rail = 'sandbox' WHERE bulk_id = $1`,
      [bulkId],
    );
    await database.execute(`UPDATE bulk_requests SET on_failure = 'continue' WHERE id = $1`, [bulkId]);
  };

  it('keeps what was decided: not even the owner of the database changes that', async () => {
    const bulkId = await payer.submit(11);
    await approvals.approve(bulkId, FIRST);
    for (const statement of [
      `UPDATE bulk_approvals SET approver_id = 'somebody else' WHERE bulk_id = '${bulkId}'`,
      `DELETE FROM bulk_approvals WHERE bulk_id = '${bulkId}'`,
      `TRUNCATE bulk_approvals`,
    ]) {
      await expect(database.execute(statement)).rejects.toMatchObject({ code: '23001' });
    }
    await control.cancel(bulkId);
  });

  it('is rejected by one, who may have approved it before, and its money is free', async () => {
    const bulkId = await payer.submit(25);
    await approvals.approve(bulkId, FIRST);
    await expect(approvals.reject(bulkId, FIRST, 'Wrong month')).resolves.toBe('rejected 2');
    await expectDismissed(bulkId, 'rejected', 25);
    await expect(approvals.of(bulkId)).resolves.toMatchObject({
      request: { outcome: 'rejected' },
      decisions: [{ decision: 'approve' }, { decision: 'reject', reason: 'Wrong month', approver: FIRST }],
    });
    for (const late of [approvals.approve(bulkId, SECOND), approvals.reject(bulkId, SECOND)]) {
      expect(await refusalOf(late)).toMatchObject({
        code: 'invalid_state',
        details: { members: { current_status: 'rejected' } },
      });
    }
  });

  it('is cancelled at once, and answers the same under its key', async () => {
    const bulkId = await payer.submit(25);
    await expect(control.cancel(bulkId, 'c')).resolves.toEqual({ cancelled: 25, inFlight: 0, replayed: false });
    await expectDismissed(bulkId, 'cancelled', 25);
    await expect(approvals.of(bulkId)).resolves.toMatchObject({ request: { outcome: 'cancelled' } });
    await expect(control.cancel(bulkId, 'c')).resolves.toEqual({ cancelled: 25, inFlight: 0, replayed: true });
    expect(await refusalOf(approvals.approve(bulkId, FIRST))).toMatchObject({ code: 'invalid_state' });
  });

  it('is rejected by the sweep when its time has run out, and not before', async () => {
    const bulkId = await payer.submit(25);
    await runLoop(worker.app, 'expire-approvals');
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'awaiting_approval' });
    await expireNow(bulkId);
    await runLoop(worker.app, 'expire-approvals');
    await expectDismissed(bulkId, 'rejected', 25);
    await expect(approvals.of(bulkId)).resolves.toMatchObject({ request: { outcome: 'expired' }, decisions: [] });
  });

  it('is not approved after its time, even before the sweep has looked', async () => {
    const bulkId = await payer.submit(11);
    await approvals.approve(bulkId, FIRST);
    await expireNow(bulkId);
    expect(await refusalOf(approvals.approve(bulkId, SECOND))).toMatchObject({
      code: 'invalid_state',
      details: { members: { current_status: 'rejected' } },
    });
    await expectDismissed(bulkId, 'rejected', 11);
  });

  it('is neither paused nor resumed, and no line of it is cancelled alone', async () => {
    const bulkId = await payer.submit(11);
    for (const attempt of [control.pause(bulkId), control.resume(bulkId), control.retryFailed(bulkId)]) {
      expect(await refusalOf(attempt)).toMatchObject({
        code: 'invalid_state',
        details: { members: { current_status: 'awaiting_approval' } },
      });
    }
    const [line] = await transfersOf(worker.app, bulkId);
    const cancel = worker.app.get(CancelTransfer, { strict: false });
    const command = { organizationId: payer.organizationId, transferId: line?.id ?? '' };
    expect(await refusalOf(cancel.cancel(command, null, async () => Reply.of(200, {})))).toMatchObject({
      code: 'invalid_state',
    });
    await control.cancel(bulkId);
  });

  it('of which the rail calls a line paid ends after a person has decided about that one', async () => {
    const bulkId = await payer.submit(11);
    await sayOfLine(worker.app, bulkId, 4, 'settled');
    await runLoop(worker.app, 'rail-evidence');
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 10, manual_review: 1 });
    await approvals.reject(bulkId, FIRST);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: 10, manual_review: 1 });
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'cancelling', completedAt: null });
    // The lines that were withdrawn are counted as ended, and as told.
    await expect(
      database.query(
        `SELECT p.ended, (SELECT data ->> 'percent' FROM events
                           WHERE subject_id = p.bulk_id AND type = 'bulk_request.progressed') AS percent
           FROM bulk_progress p WHERE bulk_id = $1`,
        [bulkId],
      ),
    ).resolves.toEqual([{ ended: 10, percent: '90' }]);
    await expect(reserved()).resolves.toBe(100n);
    await expect(proofDtoOf(worker.app, payer.organizationId, bulkId)).resolves.toMatchObject({ balanced: true });
    open.push(bulkId);
  });

  it('is one again when its failed lines are retried, by whoever retries them', async () => {
    await setApproval(worker.app, payer.organizationId, null);
    const bulkId = await payer.submit(12, () => 'sandbox:reject:AC04');
    await workOff(worker.app);
    await setApproval(worker.app, payer.organizationId, { amountOver: [{ currency: 'EUR', amount: '11.99' }] });
    const { body } = await control.retryFailed(bulkId);
    const retryId = body.id ?? '';
    await expect(viewOf(retryId)).resolves.toMatchObject({ status: 'awaiting_approval', origin: 'retry' });
    expect(await refusalOf(approvals.approve(retryId, MAKER))).toMatchObject({ code: 'maker_cannot_approve' });
    await expect(approvals.approve(retryId, FIRST)).resolves.toBe('approved 1');
    await workOff(worker.app);
    await expect(viewOf(retryId)).resolves.toMatchObject({ status: 'failed' });
  });
});
