import { ExpireApprovals } from '../../src/modules/bulk-requests/application/expire-approvals.js';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { DomainError } from '../../src/domain/errors.js';
import { type Approvals, approvalsFor, approver, setApproval } from '../factories/approvals.js';
import { type BulkControl, controlOf } from '../factories/bulk-control.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { balanceOf } from '../support/balances.js';
import {
  executeDue,
  finish,
  skipTime,
  statusesOf,
  submissionsOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { ownerOf } from '../support/owner.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const ROUNDS = 6;
const LINES = 30;

/** What somebody tried, and how it went: its answer, or the code it was refused with. */
async function tried(work: Promise<unknown>): Promise<string> {
  try {
    const answer = await work;
    return typeof answer === 'string' ? answer : 'done';
  } catch (error) {
    return (error as DomainError).code;
  }
}

describe('two who decide about the same bulk request at the same time', () => {
  let worker: TestWorker;
  let payer: Payer;
  let approvals: Approvals;
  let control: BulkControl;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    payer = await createPayer(worker.app);
    approvals = approvalsFor(worker.app, payer.organizationId);
    control = controlOf(worker.app, payer.organizationId);
  });
  afterAll(() => finish(worker));

  const statusOf = async (bulkId: string) =>
    (await worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId)).status;
  const terms = (approvers: number) =>
    setApproval(worker.app, payer.organizationId, { transferCountOver: 10, approvers });
  const reserved = async () => (await balanceOf(worker.app, payer.accountId))?.reserved;

  it('approve: each counts once, and it is released once', async () => {
    await terms(3);
    for (let round = 0; round < ROUNDS; round++) {
      const bulkId = await payer.submit(LINES);
      // Three people, each of whom clicked twice, and one who is too late or too early to matter.
      const by = ['a', 'b', 'c', 'a', 'b', 'c', 'd'].map(approver);
      const answers = await Promise.all(by.map((one) => tried(approvals.approve(bulkId, one))));
      expect(answers.filter((answer) => answer === 'approved 3').length).toBeGreaterThan(0);
      const { request, decisions } = await approvals.of(bulkId);
      expect(decisions).toHaveLength(3);
      expect(new Set(decisions.map((decision) => decision.approver.id)).size).toBe(3);
      expect(request).toMatchObject({ outcome: 'approved' });
      await expect(statusOf(bulkId)).resolves.toBe('processing');
      await workOff(worker.app);
      await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual(Array.from({ length: LINES }, () => 1));
    }
  });

  it('approve and end it: one of them is too late, and either all is paid or nothing is', async () => {
    await terms(1);
    const expiry = worker.app.get(ExpireApprovals, { strict: false });
    const ends: ((bulkId: string) => Promise<unknown>)[] = [
      (bulkId) => approvals.reject(bulkId, approver('b')),
      (bulkId) => control.cancel(bulkId),
      async (bulkId) => {
        await ownerOf(worker.app).execute(`UPDATE approval_requests SET expires_at = now() WHERE bulk_id = $1`, [
          bulkId,
        ]);
        return expiry.expire(payer.organizationId, bulkId);
      },
    ];
    for (let round = 0; round < ROUNDS * ends.length; round++) {
      const end = ends[round % ends.length] as (bulkId: string) => Promise<unknown>;
      const bulkId = await payer.submit(LINES);
      const both = [() => approvals.approve(bulkId, approver('a')), () => end(bulkId)];
      if (round % 2 === 1) both.reverse();
      await Promise.all(both.map((one) => tried(one())));
      await skipTime(worker.app);
      await executeDue(worker.app);
      const { request } = await approvals.of(bulkId);
      const isReleased = request.outcome === 'approved';
      // Approved first, a cancel still finds it, running.
      if (isReleased) expect(['processing', 'cancelling', 'cancelled']).toContain(await statusOf(bulkId));
      else expect(['rejected', 'cancelled']).toContain(await statusOf(bulkId));
      if (!isReleased) {
        await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: LINES });
        expect(Math.max(...(await submissionsOf(worker.app, bulkId)))).toBe(0);
      }
      await workOff(worker.app);
      await expect(reserved()).resolves.toBe(0n);
    }
  });

  it('reject and cancel: it ends once', async () => {
    await terms(1);
    for (let round = 0; round < ROUNDS; round++) {
      const bulkId = await payer.submit(LINES);
      const answers = await Promise.all([
        tried(approvals.reject(bulkId, approver('a'))),
        tried(control.cancel(bulkId)),
        tried(approvals.reject(bulkId, approver('b'))),
      ]);
      expect(answers.filter((answer) => answer === 'invalid_state')).toHaveLength(2);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: LINES });
    }
    await expect(reserved()).resolves.toBe(0n);
  });
});
