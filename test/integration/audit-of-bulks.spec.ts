import { createHash } from 'node:crypto';
import { AUDIT_ACTIONS } from '../../src/modules/audit/index.js';
import type { AuditVerificationDto } from '../../src/modules/audit/http/audit-log.dto.js';
import type { BulkRequestApprovalDto } from '../../src/modules/bulk-requests/http/bulk-request-approval.dto.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import { AccountsService } from '../../src/modules/accounts/index.js';
import type { Scope } from '../../src/modules/organizations/index.js';
import { setApproval } from '../factories/approvals.js';
import { germanIban } from '../factories/bulk-requests.js';
import { createAccount, createApiKey, createOrganization, type CreatedApiKey } from '../factories/organizations.js';
import { bulk, line, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { actionsOf, entriesOf, storyOf } from '../support/audit-steps.js';
import { executeDue, runLoop, stopBulk, UNHURRIED, workOff } from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { sayOf } from '../support/evidence-steps.js';
import { ownerOf, tampererOf } from '../support/owner.js';
import { applyEvidence } from '../support/reconciliation-steps.js';
import type { ApiAnswer } from '../support/test-api.js';
import { bringToReview, lineOf } from '../support/transfer-steps.js';

const NAMES = ['Jane Roe', 'John Doe', 'Ann Poe', 'ACME'];
const NEVER_SAID = 'As the bank wrote to Jane Roe';
const REJECTED = { description: 'sandbox:reject:AC04' };
const IBAN = /[A-Z]{2}\d{2}[A-Z0-9]{11,30}/;

/** No worker: every step is the test's, in the process that answers over HTTP. */
describe('what becomes of bulk requests and their rules, in the audit log', () => {
  let acme: Acme;
  let first: CreatedApiKey;
  let second: CreatedApiKey;
  let bulks = 0;
  beforeAll(async () => {
    acme = await startAcme({ ...UNHURRIED, RECONCILIATION_INTERVAL_MS: '0' }, { working: false });
    const { organizationId } = acme;
    const scopes: Scope[] = ['bulk-requests:approve', 'bulk-requests:read'];
    first = await createApiKey(acme.api.app, { organizationId, name: 'First', scopes });
    second = await createApiKey(acme.api.app, { organizationId, name: 'Second', scopes });
    await setApproval(acme.api.app, organizationId, { transferCountOver: 10, approvers: 2 });
  });
  afterAll(() => acme.close());

  const app = () => acme.api.app;
  const list = (query: string) => entriesOf(acme, query);
  const story = (id: string) => storyOf(acme, id);
  const actions = (id: string) => actionsOf(acme, id);
  /** The id of an accepted bulk; no two are duplicates. */
  const submit = async (count: number, change: (index: number) => object = () => ({}), values: object = {}) => {
    const credit_transfers = lines(count, (index) => ({ counterparty_name: 'Jane Roe', ...change(index) }));
    return (await acme.submit(bulk({ credit_transfers, ...unlike(`audit ${++bulks}`), ...values }))).id;
  };
  const post = async (path: string, body: object = {}, key = acme.key): Promise<ApiAnswer> =>
    acme.call(path, { method: 'POST', body, key });
  const must = async (path: string, body: object = {}, key = acme.key): Promise<ApiAnswer> => {
    const answer = await post(path, body, key);
    if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer;
  };
  const hashOf = async (id: string) => {
    const { body } = await acme.call(`/bulk-requests/${id}/approval`);
    return (body as unknown as BulkRequestApprovalDto).payload_hash;
  };
  const admin = (path: string, body: object) =>
    acme.api.call(`/organizations/${acme.organizationId}/${path}`, { method: 'PUT', key: acme.api.adminKey, body });

  it('tells of one that waits, is approved, paused, resumed and cancelled, each once', async () => {
    const id = await submit(12);
    const payload_hash = await hashOf(id);
    for (const { secret } of [first, first, second]) {
      await must(`/bulk-requests/${id}/approve`, { payload_hash }, secret);
    }
    for (const action of ['pause', 'pause', 'resume', 'cancel', 'cancel']) await must(`/bulk-requests/${id}/${action}`);
    await workOff(app());
    const told = await story(id);
    const accepted = {
      ...{ status: 'awaiting_approval', lines: 12, rejected_lines: 0, total_minor: '1200', currency: 'EUR' },
      ...{ rail: 'sandbox', debtor_account_id: acme.accountId },
      ...{ payload_hash, approvals_required: 2, approval_reasons: ['transfer_count_over'] },
    };
    const counts = { settled: 0, failed: 0, returned: 0, cancelled: 12 };
    const amounts = { settled_minor: '0', failed_minor: '0', returned_minor: '0', cancelled_minor: '1200' };
    expect(told.map(({ action, actor, before, after }) => [action, actor.kind, before, after])).toEqual([
      ['bulk_request.accepted', 'key', null, accepted],
      ['bulk_request.approved', 'key', { approvals: 0 }, { approvals: 1, approvals_required: 2, payload_hash }],
      ['bulk_request.approved', 'key', { approvals: 1 }, { approvals: 2, approvals_required: 2, payload_hash }],
      ['bulk_request.released', 'key', { status: 'awaiting_approval' }, { status: 'processing' }],
      ['bulk_request.paused', 'key', { status: 'processing' }, { status: 'paused' }],
      ['bulk_request.resumed', 'key', { status: 'paused' }, { status: 'processing' }],
      ['bulk_request.cancelled', 'key', { status: 'processing' }, { status: 'cancelling' }],
      ['bulk_request.completed', 'system', { status: 'cancelling' }, { status: 'cancelled', ...counts, ...amounts }],
    ]);
    const approvers = told.filter(({ action }) => /approved|released/.test(action)).map(({ actor }) => actor.key_id);
    expect(approvers).toEqual([first.id, second.id, second.id]);
    expect(told.slice(0, -1).every(({ request_id: request }) => request !== null)).toBe(true);
  });

  it('tells of one that ended while it waited: rejected and why, out of time, cancelled', async () => {
    const rejected = await submit(12);
    const reason = 'Twice to DE89370400440532013000';
    await must(`/bulk-requests/${rejected}/reject`, { reason }, first.secret);
    const expired = await submit(12);
    await ownerOf(app()).execute(
      `UPDATE approval_requests SET expires_at = now() - interval '1 s' WHERE bulk_id = $1`,
      [expired],
    );
    await runLoop(app(), 'expire-approvals');
    const cancelled = await submit(12);
    await must(`/bulk-requests/${cancelled}/cancel`);
    const ends = [];
    for (const id of [rejected, expired, cancelled]) {
      const [, end, ...more] = await story(id);
      expect(more).toEqual([]);
      expect(end?.before).toEqual({ status: 'awaiting_approval' });
      expect(end?.after).toMatchObject({ cancelled: 12, cancelled_minor: '1200' });
      ends.push([end?.action, end?.actor.kind, end?.reason, (end?.after as { status: string }).status]);
    }
    expect(ends).toEqual([
      ['bulk_request.rejected', 'key', 'Twice to [redacted]', 'rejected'],
      ['bulk_request.approval_expired', 'system', null, 'rejected'],
      ['bulk_request.cancelled', 'key', null, 'cancelled'],
    ]);
  });

  it('tells of one that stopped for a failure, and of the one that pays its lines again', async () => {
    const id = await submit(3, (index) => (index === 1 ? REJECTED : {}), { on_failure: 'stop' });
    await executeDue(app());
    await stopBulk(app(), id);
    await stopBulk(app(), id); // changes nothing
    await workOff(app());
    const retry = String((await must(`/bulk-requests/${id}/retry-failed`)).body['id']);
    expect(await actions(id)).toEqual(['accepted', 'stopped', 'completed', 'retried']);
    const [, stopped, completed, retried] = await story(id);
    expect(stopped?.after).toEqual({ status: 'cancelling', stopped_by: 'on_failure' });
    expect(completed?.after).toMatchObject({
      status: 'partially_completed',
      settled: 2,
      failed: 1,
      failed_minor: '100',
    });
    expect(retried?.after).toEqual({ retry_id: retry, lines: 1, total_minor: '100', currency: 'EUR' });
    expect((await story(retry))[0]?.after).toMatchObject({ status: 'processing', origin: 'retry', origin_id: id });
  });

  it.each([true, false])('tells of one that takes its payments back (stopped by its job: %s)', async (byJob) => {
    const id = await submit(3, (index) => (index === 1 ? REJECTED : {}), { on_failure: 'reverse' });
    await executeDue(app());
    if (byJob) await stopBulk(app(), id);
    await workOff(app());
    expect(await actions(id)).toEqual(['accepted', 'reversing', 'completed']);
    expect((await story(id)).at(-1)).toMatchObject({
      before: { status: 'reversing' },
      after: { status: 'reversed' },
    });
    const [reversal] = (await list('action=bulk_request.accepted')).filter(
      ({ after }) => (after as { origin_id?: string }).origin_id === id,
    );
    expect(reversal).toMatchObject({ actor: { kind: 'system' }, after: { origin: 'reversal', lines: 2 } });
    expect(await actions(reversal?.resource.id ?? '')).toEqual(['accepted', 'completed']);
  });

  it('tells of one that did not add up', async () => {
    const id = await submit(2);
    await executeDue(app());
    const short = `settled_count = settled_count - 1, settled_minor = settled_minor - 100`;
    await tampererOf(app()).execute(`UPDATE bulk_tallies SET ${short} WHERE bulk_id = $1`, [id]);
    const service = app().get(BulkRequestsService, { strict: false });
    for (let run = 0; run < 2; run++) await service.recount(acme.organizationId, id);
    await workOff(app());
    expect(await actions(id)).toEqual(['accepted', 'recounted', 'completed']);
    const findings = ['the tallies did not match the lines and were corrected'];
    expect((await story(id))[1]?.after).toEqual({ status: 'processing', findings });
  });

  it('tells of a line that somebody cancelled, and of one that a person decided about', async () => {
    const [cancelled, resolved] = [await submit(2), await submit(1)];
    const cancelledLine = await lineOf(app(), cancelled);
    await must(`/transfers/${cancelledLine}/cancel`);
    await must(`/bulk-requests/${cancelled}/cancel`);
    await bringToReview(app(), resolved);
    const resolvedLine = await lineOf(app(), resolved);
    await must(`/transfers/${resolvedLine}/resolve`, { outcome: 'settled', evidence: NEVER_SAID });
    const money = { amount_minor: '100', currency: 'EUR' };
    const of = async (id: string) => (await story(id)).map(({ action, before, after }) => [action, before, after]);
    expect(await of(cancelledLine)).toEqual([
      ['transfer.cancelled', { status: 'pending' }, { status: 'cancelled', bulk_request_id: cancelled, ...money }],
    ]);
    expect(await of(resolvedLine)).toEqual([
      ['transfer.resolved', { status: 'manual_review' }, { status: 'settled', bulk_request_id: resolved, ...money }],
    ]);
  });

  it('tells the receiving organization of what was credited to it, with a digest that its books give again', async () => {
    const { id: organizationId } = await createOrganization(app());
    const account = await createAccount(app(), { organizationId, iban: germanIban(5_500_000) });
    await app().get(AccountsService, { strict: false }).verify(organizationId, account.id);
    await submit(2, () => ({ counterparty_iban: account.iban ?? '' }));
    await workOff(app());
    const { secret } = await createApiKey(app(), { organizationId, scopes: ['audit-log:read'] });
    const { body } = await acme.api.call('/audit-log?action=book_credits.delivered', { key: secret });
    const booked = await ownerOf(app()).query<{ text: string }>(
      `SELECT transfer_id || '|' || credit_account_id || '|' || amount_minor || chr(10) AS text
         FROM ledger_entries WHERE organization_id = $1 AND kind = 'book_delivery' ORDER BY transfer_id`,
      [organizationId],
    );
    const text = booked.map((entry) => entry.text).join('');
    const digest = createHash('sha256').update(text).digest('hex');
    expect(body['data']).toMatchObject([{ after: { lines: 2, total_minor: '200', currency: 'EUR', digest } }]);
  });

  it('tells of a run, of a break, of who took it on, and of the money that its resolution moved', async () => {
    const to = new Date().toISOString();
    const from = new Date(Date.now() - 60_000).toISOString();
    const run = await must('/reconciliation/runs', { rail: 'sandbox', from, to });
    expect(await story(String(run.body['id']))).toMatchObject([
      { action: 'reconciliation_run.requested', before: null, after: { rail: 'sandbox', from, to, status: 'running' } },
    ]);
    const transferId = await lineOf(app(), await submit(1, () => REJECTED));
    await executeDue(app());
    await sayOf(app(), transferId, 'settled');
    await applyEvidence(app());
    const { body } = await acme.call('/reconciliation/breaks?status=open&class=status');
    const id = (body['data'] as { id: string }[])[0]?.id ?? '';
    await must(`/reconciliation/breaks/${id}/assign`, { assignee: 'Ann Poe' });
    await must(`/reconciliation/breaks/${id}/resolve`, { resolution: 'charged_to_debtor', note: NEVER_SAID });
    const moved = { amount_minor: '100', currency: 'EUR', from: 'debtor', to: 'suspense' };
    expect((await story(id)).map(({ action, before, after }) => [action, before, after])).toEqual([
      ['reconciliation_break.assigned', { status: 'open' }, { status: 'assigned' }],
      [
        'reconciliation_break.resolved',
        { status: 'assigned' },
        { status: 'resolved', resolution: 'charged_to_debtor', moved },
      ],
    ]);
  });

  it('tells of rules that were replaced: what held before, and what holds now', async () => {
    const limit = { account_id: null, currency: 'EUR', per: 'day', max_amount: '5000.00', max_count: null };
    expect((await admin('limits', { limits: [limit], version: 0 })).status).toBe(200);
    expect((await admin('limits', { limits: [limit], version: 0 })).status).toBe(409);
    const policy = { approval: null, duplicate_policy: 'warn', version: 1 };
    expect((await admin('payment-policy', policy)).status).toBe(200);
    const [limits] = await list('action=payment_limits.replaced');
    const [newest, oldest] = await list('action=payment_policy.replaced');
    expect(limits).toMatchObject({
      actor: { kind: 'admin' },
      before: { version: 0, limits: [] },
      after: { version: 1, limits: [{ currency: 'EUR', per: 'day', max_minor: '500000', max_count: null }] },
    });
    expect(oldest?.before).toMatchObject({ version: 0, approval: null });
    expect(newest?.before).toEqual(oldest?.after);
    expect(newest?.before).toMatchObject({ version: 1, approval: { transfer_count_over: 10, approvers: 2 } });
    expect(newest?.after).toEqual({ version: 2, duplicate_policy: 'warn', approval: null });
  });

  it('has attempts that were refused in the other chain, and nothing of them in this one', async () => {
    await setApproval(app(), acme.organizationId, { transferCountOver: 10 });
    const id = await submit(12);
    const before = await story(id);
    const payload_hash = await hashOf(id);
    const refused = [
      await post(`/bulk-requests/${id}/approve`, { payload_hash }), // by whoever submitted it
      await post(`/bulk-requests/${id}/approve`, { payload_hash: '0'.repeat(64) }, first.secret),
      await post(`/bulk-requests/${id}/cancel`, {}, first.secret), // has no such scope
      await post(`/bulk-requests/${id}/pause`),
      await post('/bulk-requests', bulk({ credit_transfers: [line({ amount: '9000000.00' })] })),
    ].map(({ status, body }) => [status, body['code']]);
    expect(refused).toEqual([
      [403, 'maker_cannot_approve'],
      [422, 'payload_hash_mismatch'],
      [403, 'forbidden'],
      [409, 'invalid_state'],
      [422, 'limit_exceeded'],
    ]);
    const written = await eventually(
      async () => {
        const entries = (await list('chain=refusals')).reverse().slice(-refused.length);
        return entries.length === refused.length && entries;
      },
      { what: 'the refusals to be written down' },
    );
    expect(written.map(({ after, reason }) => [(after as { status: number }).status, reason])).toEqual(refused);
    expect(written.map(({ actor }) => actor.key_id === first.id)).toEqual([false, true, true, false, false]);
    expect(await story(id)).toEqual(before);
  });

  it('has every action of theirs by now, names nobody, and verifies', async () => {
    const rows = await ownerOf(app()).query<{ action: string; text: string }>(
      `SELECT action, concat_ws(' ', before, after, reason) AS text FROM audit_log`,
    );
    const done = new Set(rows.map(({ action }) => action));
    const ours = AUDIT_ACTIONS.filter((action) => /^(bulk_|transfer|book_|payment_|reconciliation_)/.test(action));
    // Overriding is shown where duplicates are: test/e2e/duplicates.spec.ts.
    expect(ours.filter((action) => !done.has(action))).toEqual(['bulk_request.duplicates_overridden']);
    const said = [...NAMES, NEVER_SAID];
    expect(rows.filter(({ text }) => IBAN.test(text) || said.some((word) => text.includes(word)))).toEqual([]);
    const { body } = await acme.call('/audit-log/verify');
    expect(body as unknown as AuditVerificationDto).toMatchObject({ status: 'intact', first_broken: null });
  });
});
