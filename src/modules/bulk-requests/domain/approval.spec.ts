import type { DomainError } from '../../../domain/errors.js';
import { type Actor, type Approval, type ApprovalRequest, approvalsOf, decideApproval } from './approval.js';
import { BULK_REQUEST_STATUSES, type BulkRequestStatus } from './bulk-request.state.js';

const HASH = 'a'.repeat(64);
const actor = (id: string, keyId = id): Actor => ({ kind: 'key', id, keyId });
const [MAKER, FIRST, SECOND] = [actor('maker'), actor('first'), actor('second')];

const approvalOf = (change: Partial<ApprovalRequest> = {}, by: readonly Actor[] = [], hash = HASH): Approval => ({
  request: {
    bulkId: 'b',
    organizationId: 'o',
    required: 2,
    reasons: [],
    payloadHash: HASH,
    submitter: MAKER,
    expiresAt: new Date(0),
    isOverdue: false,
    decidedAt: null,
    outcome: null,
    ...change,
  },
  decisions: by.map((approver) => ({
    approver,
    decision: 'approve',
    payloadHash: hash,
    reason: null,
    decidedAt: new Date(0),
  })),
});

/** What is decided, or the code of the refusal. */
function decided(
  approval: Approval | null,
  approver: Actor,
  { status = 'awaiting_approval', payloadHash = HASH }: { status?: BulkRequestStatus; payloadHash?: string } = {},
): string {
  try {
    return decideApproval(status, approval, { approver, payloadHash });
  } catch (error) {
    return (error as DomainError).code;
  }
}

describe('an approval', () => {
  it('counts, once for each approver', () => {
    expect(decided(approvalOf(), FIRST)).toBe('counts');
    expect(decided(approvalOf({}, [FIRST]), SECOND)).toBe('counts');
    expect(decided(approvalOf({}, [FIRST]), FIRST)).toBe('given');
  });

  it('is given already when the last one is sent again, and only by who gave it', () => {
    const approved = approvalOf({ outcome: 'approved' }, [FIRST, SECOND]);
    expect(decided(approved, SECOND, { status: 'completed' })).toBe('given');
    expect(decided(approved, actor('third'), { status: 'processing' })).toBe('invalid_state');
  });

  it('never comes from whoever submitted, whatever key they use, though the same id of another kind is somebody else', () => {
    expect(decided(approvalOf(), MAKER)).toBe('maker_cannot_approve');
    expect(decided(approvalOf(), actor('maker', 'rotated'))).toBe('maker_cannot_approve');
    expect(decided(approvalOf(), { kind: 'jwt', id: 'maker', keyId: null })).toBe('counts');
  });

  it('is of one payload: another hash is refused, and what was said about it is void', () => {
    expect(decided(approvalOf(), FIRST, { payloadHash: 'b'.repeat(64) })).toBe('payload_hash_mismatch');
    const ofAnother = approvalOf({}, [FIRST], 'b'.repeat(64));
    expect(approvalsOf(ofAnother)).toEqual([]);
    expect(decided(ofAnother, FIRST)).toBe('counts');
  });

  it('comes too late once the time has run out', () => {
    expect(decided(approvalOf({ isOverdue: true }), FIRST)).toBe('overdue');
  });

  it('is asked of nothing that waits for none', () => {
    expect(decided(null, FIRST, { status: 'processing' })).toBe('invalid_state');
  });

  it.each(BULK_REQUEST_STATUSES.filter((status) => status !== 'awaiting_approval'))('is refused in %s', (status) => {
    expect(decided(approvalOf({ outcome: 'rejected' }, [FIRST]), FIRST, { status })).toBe('invalid_state');
    expect(decided(approvalOf({ outcome: 'rejected' }), SECOND, { status })).toBe('invalid_state');
  });
});
