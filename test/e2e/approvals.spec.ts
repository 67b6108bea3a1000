import type { BulkRequestApprovalDto } from '../../src/modules/bulk-requests/http/bulk-request-approval.dto.js';
import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import type { TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import type { Scope } from '../../src/modules/organizations/index.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulk, line, lines, unlike } from '../factories/submissions.js';
import { ACME_DEBTOR, type Acme, startAcme } from '../support/acme.js';
import { assertInvariants } from '../support/invariants.js';
import { ownerOf } from '../support/owner.js';
import type { ApiAnswer } from '../support/test-api.js';

const POLICY = {
  approval: {
    amount_over: [{ currency: 'EUR', amount: '100.00' }],
    transfer_count_over: 10,
    new_counterparties_over: null,
    approvers: 2,
    expires_after_hours: 24,
  },
  duplicate_policy: 'warn',
};

describe('approval over HTTP', () => {
  let acme: Acme;
  let open: string[];
  const keys: Record<string, string> = {};
  const keyOf = async (name: string, scopes: Scope[]): Promise<void> => {
    const { organizationId } = acme;
    keys[name] = (await createApiKey(acme.api.app, { organizationId, name, scopes })).secret;
  };
  const admin = (path: string, method: 'GET' | 'PUT' = 'GET', body?: object, organizationId = acme.organizationId) =>
    acme.api.call(`/organizations/${organizationId}/${path}`, {
      method,
      key: acme.api.adminKey,
      ...(body && { body }),
    });
  const post = (by: string, path: string, body: object, headers: Record<string, string> = {}): Promise<ApiAnswer> =>
    acme.call(path, { method: 'POST', body, headers, key: keys[by] ?? '' });
  const approvalOf = async (id: string): Promise<BulkRequestApprovalDto> =>
    (await acme.call(`/bulk-requests/${id}/approval`)).body as unknown as BulkRequestApprovalDto;
  const approve = async (by: string, id: string): Promise<ApiAnswer> =>
    post(by, `/bulk-requests/${id}/approve`, { payload_hash: (await approvalOf(id)).payload_hash });

  beforeAll(async () => {
    acme = await startAcme();
    open = [];
    await keyOf('first', ['bulk-requests:approve', 'bulk-requests:read']);
    await keyOf('second', ['bulk-requests:approve']);
    await keyOf('writer', ['bulk-requests:write', 'transfers:write']);
    const { status, body } = await admin('payment-policy', 'PUT', { ...POLICY, version: 0 });
    expect({ status, body }).toEqual({
      status: 200,
      body: { ...POLICY, version: 1, updated_at: expect.any(String) as string },
    });
  });
  afterAll(async () => {
    await assertInvariants(ownerOf(acme.api.app), { open });
    await acme.close();
  });

  it('pays nothing before two people other than the submitter have agreed, and then all of it', async () => {
    const { posted } = await acme.balance();
    const submitted = await acme.submit(bulk({ credit_transfers: lines(12, () => ({ amount: '10.00' })) }));
    const { id } = submitted;
    expect(submitted).toMatchObject({
      status: 'awaiting_approval',
      counts: { pending: 12 },
      links: { approval: `/api/v1/bulk-requests/${id}/approval` },
    });
    await expect(acme.balance()).resolves.toMatchObject({ posted, reserved: '120.00' });
    const waiting = await approvalOf(id);
    expect(waiting).toEqual({
      status: 'awaiting_approval',
      payload_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      required: 2,
      approvals: [],
      reasons: [
        { code: 'amount_over', over: '100.00', actual: '120.00' },
        { code: 'transfer_count_over', over: '10', actual: '12' },
      ],
      expires_at: expect.any(String) as string,
      submitted_by: { kind: 'key', id: expect.any(String) as string },
      rejection: null,
    });
    const self = await acme.post(`/bulk-requests/${id}/approve`, { payload_hash: waiting.payload_hash });
    expect(self).toMatchObject({ status: 403, body: { code: 'maker_cannot_approve' } });
    await expect(approve('writer', id)).resolves.toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await expect(approve('first', id)).resolves.toMatchObject({
      status: 200,
      body: { status: 'awaiting_approval', approvals: [{ approver: { kind: 'key' } }] },
    });
    expect((await acme.call(`/bulk-requests/${id}`)).body).toMatchObject({
      status: 'awaiting_approval',
      counts: { pending: 12 },
    });
    const last = await post('second', `/transfers/bulk/${id}/approve`, { payload_hash: waiting.payload_hash });
    expect(last).toMatchObject({ status: 200, body: { status: 'approved', payload_hash: waiting.payload_hash } });
    await expect(acme.ended(id)).resolves.toMatchObject({ status: 'completed', amounts: { settled: '120.00' } });
    await expect(acme.balance()).resolves.toMatchObject({ reserved: '0.00' });
    expect((await acme.call(`/bulk-requests/${id}/proof`)).body).toMatchObject({ balanced: true });
    await expect(approve('first', id)).resolves.toMatchObject({ status: 200, body: { status: 'approved' } });
  });

  it('frees the money of what is rejected, and says why', async () => {
    const before = await acme.balance();
    const { id } = await acme.submit(bulk({ credit_transfers: [line({ amount: '100.01' })], ...unlike('rejected') }));
    const rejected = await post(
      'first',
      `/bulk-requests/${id}/reject`,
      { reason: 'Not this month' },
      { 'idempotency-key': 'r' },
    );
    expect(rejected).toMatchObject({
      status: 200,
      body: { status: 'rejected', rejection: { by: { kind: 'key' }, reason: 'Not this month' } },
    });
    const again = await post(
      'first',
      `/bulk-requests/${id}/reject`,
      { reason: 'Not this month' },
      { 'idempotency-key': 'r' },
    );
    expect(again.text).toBe(rejected.text);
    await expect(acme.ended(id)).resolves.toMatchObject({
      status: 'rejected',
      counts: { cancelled: 1 },
      amounts: { cancelled: '100.01', open: '0.00' },
    });
    await expect(acme.balance()).resolves.toEqual(before);
    expect((await acme.call(`/bulk-requests/${id}/proof`)).body).toMatchObject({ balanced: true });
    await expect(approve('second', id)).resolves.toMatchObject({
      status: 409,
      body: { code: 'invalid_state', current_status: 'rejected' },
    });
    expect((await acme.call('/bulk-requests?status=rejected')).body).toMatchObject({ data: [{ id }] });
  });

  it('holds a single transfer just so, and is told by a dry run', async () => {
    const body = { ...ACME_DEBTOR, ...line({ amount: '500.00' }) };
    const transfer = (await acme.post('/transfers', body)).body as unknown as TransferDto;
    expect(transfer).toMatchObject({ status: 'pending', next_attempt_at: null });
    const id = transfer.bulk_request_id;
    await expect(approvalOf(id)).resolves.toMatchObject({ status: 'awaiting_approval' });
    const cancel = await acme.post(`/transfers/${transfer.id}/cancel`, {});
    expect(cancel).toMatchObject({ status: 409, body: { code: 'invalid_state', current_status: 'pending' } });
    expect((await acme.post(`/bulk-requests/${id}/cancel`, {})).body).toEqual({ cancelled: 1, in_flight: 0 });
    const dryRun = await acme.post(
      '/bulk-requests?dry_run=true',
      bulk({ credit_transfers: [line({ amount: '500.00' })] }),
    );
    expect(dryRun).toMatchObject({
      status: 200,
      body: { status: 'valid', warnings: ['approval_required: amount_over'] },
    });
  });

  it('lets the admin key approve what others submitted, and not what itself did', async () => {
    const headers = { 'x-organization-id': acme.organizationId };
    const asAdmin = (path: string, body: object) =>
      acme.api.call(path, { method: 'POST', key: acme.api.adminKey, body, headers });
    const body = bulk({ credit_transfers: [line({ amount: '101.00' })], ...unlike('admin') });
    const { id } = (await asAdmin('/bulk-requests', body)).body as unknown as BulkRequestDto;
    const { payload_hash } = await approvalOf(id);
    expect((await approvalOf(id)).submitted_by).toEqual({ kind: 'admin', id: 'admin' });
    await expect(asAdmin(`/bulk-requests/${id}/approve`, { payload_hash })).resolves.toMatchObject({ status: 403 });
    open.push(id);
    const { payload } = await acme.api.app.inject({ method: 'GET', url: '/metrics' });
    expect(payload).toMatch(/^approvals_waiting 1$/m);
    expect(payload).toMatch(/^approval_oldest_waiting_seconds [\d.]+$/m);
  });

  it('is not required below the thresholds', async () => {
    const { id, status } = await acme.submit(bulk(unlike('small')));
    expect(status).toBe('processing');
    await expect(approvalOf(id)).resolves.toMatchObject({ status: 'not_required', payload_hash: null, required: 0 });
    await expect(approve('first', id)).resolves.toMatchObject({ status: 400 });
    const hash = { payload_hash: '0'.repeat(64) };
    await acme.ended(id);
    const refused = await post('first', `/bulk-requests/${id}/approve`, hash);
    expect(refused).toMatchObject({ status: 409, body: { code: 'invalid_state', current_status: 'completed' } });
  });

  it('is nobody else’s to see or give', async () => {
    const { id } = await acme.submit(bulk({ credit_transfers: [line({ amount: '102.00' })], ...unlike('theirs') }));
    const stranger = await createApiKey(acme.api.app, {
      organizationId: (await createOrganization(acme.api.app)).id,
    });
    const { payload_hash } = await approvalOf(id);
    const theirs = { key: stranger.secret };
    await expect(acme.call(`/bulk-requests/${id}/approval`, theirs)).resolves.toMatchObject({ status: 404 });
    for (const [action, body] of [
      ['approve', { payload_hash }],
      ['reject', { reason: 'x' }],
    ] as const) {
      const refused = acme.call(`/bulk-requests/${id}/${action}`, { ...theirs, method: 'POST', body });
      await expect(refused).resolves.toMatchObject({ status: 404 });
    }
    await acme.post(`/bulk-requests/${id}/cancel`, {});
  });

  describe('the policy', () => {
    it('is read by the organization and set by the platform alone', async () => {
      await expect(acme.call('/payment-policy')).resolves.toMatchObject({
        status: 200,
        body: { ...POLICY, version: 1 },
      });
      const own = await acme.call(`/organizations/${acme.organizationId}/payment-policy`, {
        method: 'PUT',
        body: { approval: null, duplicate_policy: 'warn', version: 1 },
      });
      expect(own).toMatchObject({ status: 403 });
      const limits = await acme.call(`/organizations/${acme.organizationId}/limits`, {
        method: 'PUT',
        body: { limits: [], version: 0 },
      });
      expect(limits).toMatchObject({ status: 403 });
    });

    it('is not overwritten unseen', async () => {
      const { id } = await createOrganization(acme.api.app);
      await expect(admin('payment-policy', 'GET', undefined, id)).resolves.toMatchObject({
        body: { approval: null, duplicate_policy: 'warn', version: 0, updated_at: null },
      });
      const none = { approval: null, duplicate_policy: 'hold', version: 0 };
      await expect(admin('payment-policy', 'PUT', none, id)).resolves.toMatchObject({
        status: 200,
        body: { version: 1 },
      });
      await expect(admin('payment-policy', 'PUT', none, id)).resolves.toMatchObject({
        status: 409,
        body: { code: 'version_conflict', current_version: 1 },
      });
      const limits = {
        limits: [{ account_id: null, currency: 'EUR', per: 'day', max_amount: '5.00', max_count: null }],
      };
      await expect(admin('limits', 'PUT', { ...limits, version: 1 }, id)).resolves.toMatchObject({
        status: 409,
        body: { current_version: 0 },
      });
      await expect(admin('limits', 'PUT', { ...limits, version: 0 }, id)).resolves.toMatchObject({
        status: 200,
        body: { ...limits, version: 1 },
      });
    });

    it('is refused where it is wrong, field by field', async () => {
      const wrong = { ...POLICY.approval, amount_over: [{ currency: 'JPY', amount: '1.5' }] };
      await expect(admin('payment-policy', 'PUT', { ...POLICY, approval: wrong, version: 1 })).resolves.toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/approval/amount_over/0/amount', code: 'too_many_decimals' }] },
      });
      const missing = {
        ...POLICY,
        approval: { ...POLICY.approval, approvers: 6, transfer_count_over: '3' },
        version: 1,
      };
      await expect(admin('payment-policy', 'PUT', missing)).resolves.toMatchObject({
        status: 400,
        body: {
          errors: expect.arrayContaining([
            expect.objectContaining({ pointer: '/approval/approvers' }),
            expect.objectContaining({ pointer: '/approval/transfer_count_over' }),
          ]) as unknown,
        },
      });
      const limit = { account_id: acme.accountId, currency: 'USD', per: 'day', max_amount: null, max_count: null };
      await expect(admin('limits', 'PUT', { limits: [limit], version: 0 })).resolves.toMatchObject({
        status: 422,
        body: {
          errors: [
            { pointer: '/limits/0/currency', code: 'currency_mismatch' },
            { pointer: '/limits/0', code: 'required' },
          ],
        },
      });
      await expect(
        admin('payment-policy', 'GET', undefined, '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e'),
      ).resolves.toMatchObject({ status: 404 });
    });
  });

  it('limits refuse what is too much with every number', async () => {
    const limits = [{ account_id: null, currency: 'EUR', per: 'bulk', max_amount: '1000.00', max_count: null }];
    await admin('limits', 'PUT', { limits, version: 0 });
    expect((await acme.call('/limits')).body).toMatchObject({ limits, version: 1 });
    const refused = await acme.post('/bulk-requests', bulk({ credit_transfers: [line({ amount: '1000.01' })] }));
    expect(refused).toMatchObject({
      status: 422,
      body: {
        code: 'limit_exceeded',
        errors: [
          {
            code: 'bulk_amount',
            detail: 'Limit of the organization for a bulk request: allowed EUR 1000.00, requested EUR 1000.01.',
          },
        ],
      },
    });
  });
});
