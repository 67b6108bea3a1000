import {
  acceptedNote,
  approvedNote,
  completedNote,
  controlledNote,
  dismissedNote,
  recountedNote,
  releasedNote,
  retriedNote,
  stoppedNote,
} from './audit-note.js';

const bulk = { organizationId: 'o', id: 'b' };
const accepted = {
  ...bulk,
  transferCount: 2,
  rejectedCount: 1,
  totalMinor: 9_007_199_254_740_993n,
  currency: 'EUR',
  rail: 'sandbox',
  debtorAccountId: 'a',
  origin: null,
  originId: null,
};
const request = { organizationId: 'o', bulkId: 'b', required: 2, payloadHash: 'f'.repeat(64) };
const counts = {
  ...{ settled: 1, failed: 2, cancelled: 3, returned: 4 },
  ...{ settledMinor: 100n, failedMinor: 200n, cancelledMinor: 300n, returnedMinor: 400n },
};
const countsAsText = {
  ...{ settled: 1, failed: 2, cancelled: 3, returned: 4 },
  ...{ settled_minor: '100', failed_minor: '200', cancelled_minor: '300', returned_minor: '400' },
};

describe('what the audit log keeps of a bulk request', () => {
  it('is what was accepted, with amounts as text', () => {
    expect(acceptedNote(accepted, null)).toEqual({
      organizationId: 'o',
      action: 'bulk_request.accepted',
      resource: { type: 'bulk_request', id: 'b' },
      reason: null,
      before: null,
      after: {
        status: 'processing',
        lines: 2,
        rejected_lines: 1,
        total_minor: '9007199254740993',
        currency: 'EUR',
        rail: 'sandbox',
        debtor_account_id: 'a',
      },
    });
  });

  it('is what it was made out of, and what it waits for: of the reasons only their codes', () => {
    const reasons = [{ code: 'amount_over', over: 'EUR 1.00', actual: 'DE89370400440532013000' }];
    const { after } = acceptedNote(
      { ...accepted, origin: 'retry', originId: 'c' },
      { payloadHash: 'f', approvers: 2, reasons },
    );
    expect(after).toMatchObject({
      status: 'awaiting_approval',
      origin: 'retry',
      origin_id: 'c',
      payload_hash: 'f',
      approvals_required: 2,
      approval_reasons: ['amount_over'],
    });
    expect(JSON.stringify(after)).not.toContain('DE89');
  });

  it('is each approval, and by itself what the last one does', () => {
    expect(approvedNote(request, 1)).toMatchObject({
      action: 'bulk_request.approved',
      before: { approvals: 0 },
      after: { approvals: 1, approvals_required: 2, payload_hash: request.payloadHash },
    });
    expect(releasedNote(request)).toMatchObject({
      action: 'bulk_request.released',
      before: { status: 'awaiting_approval' },
      after: { status: 'processing' },
    });
  });

  it.each([
    ['rejected', 'bulk_request.rejected', 'rejected', 'Not this month'],
    ['expired', 'bulk_request.approval_expired', 'rejected', null],
    ['cancelled', 'bulk_request.cancelled', 'cancelled', null],
  ] as const)('is that it was %s while it waited', (outcome, action, status, reason) => {
    expect(dismissedNote(bulk, outcome, { status, counts, reason })).toMatchObject({
      action,
      reason,
      before: { status: 'awaiting_approval' },
      after: { status, ...countsAsText },
    });
  });

  it.each([
    ['cancel', 'bulk_request.cancelled', 'paused', 'cancelling'],
    ['pause', 'bulk_request.paused', 'processing', 'paused'],
    ['resume', 'bulk_request.resumed', 'paused', 'processing'],
  ] as const)('is what somebody asked for: %s', (asked, action, from, to) => {
    const change = { before: { status: from }, after: { status: to }, reason: null };
    expect(controlledNote(bulk, asked, { from, to })).toMatchObject({ action, ...change });
  });

  it.each([
    ['bulk_request.stopped', 'cancelling'],
    ['bulk_request.reversing', 'reversing'],
  ] as const)('is %s when a line has failed', (action, to) => {
    const after = { status: to, stopped_by: 'on_failure' };
    expect(stoppedNote(bulk, { from: 'paused', to })).toMatchObject({ action, before: { status: 'paused' }, after });
  });

  it('is how it ended, what pays its lines again, and what did not add up', () => {
    expect(completedNote(bulk, { from: 'cancelling', to: 'cancelled', counts })).toMatchObject({
      action: 'bulk_request.completed',
      before: { status: 'cancelling' },
      after: { status: 'cancelled', ...countsAsText },
    });
    expect(retriedNote(bulk, { ...accepted, id: 'r' })).toMatchObject({
      action: 'bulk_request.retried',
      resource: { id: 'b' },
      after: { retry_id: 'r', lines: 2, total_minor: '9007199254740993', currency: 'EUR' },
    });
    expect(recountedNote({ ...bulk, status: 'processing' }, ['a finding'])).toMatchObject({
      action: 'bulk_request.recounted',
      before: null,
      after: { status: 'processing', findings: ['a finding'] },
    });
  });
});
