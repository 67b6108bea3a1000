import type { ApprovalOutcome } from './approval.js';
import type { Origin } from './bulk-request.js';
import type { BulkRequestStatus } from './bulk-request.state.js';
import type { FinalCounts } from './completion.js';
import type { ControlAction } from './control.js';

/*
 * What the audit log keeps of bulk requests, one note for each change of state: states, numbers, amounts in minor units as text. Nothing
 * that names a person or an account number: what rules and callers say in words stays with the bulk.
 */

type NotedState = { readonly [member: string]: string | number | null | readonly string[] | undefined };

export interface BulkNote<Action extends string> {
  readonly organizationId: string;
  readonly action: Action;
  readonly resource: { readonly type: 'bulk_request'; readonly id: string };
  readonly reason: string | null;
  readonly before: NotedState | null;
  readonly after: NotedState;
}

interface Noted {
  readonly organizationId: string;
  readonly id: string;
}

/** A bulk as it comes to be, also one that is made out of another. */
export interface AcceptedBulk extends Noted {
  readonly transferCount: number;
  readonly rejectedCount: number;
  readonly totalMinor: bigint;
  readonly currency: string;
  readonly rail: string;
  readonly debtorAccountId: string;
  readonly origin: Origin | null;
  readonly originId: string | null;
}

/** What it waits for. */
export interface AwaitedApproval {
  readonly payloadHash: string | null;
  readonly approvers: number;
  readonly reasons: readonly { readonly code: string }[];
}

export function acceptedNote(bulk: AcceptedBulk, awaits: AwaitedApproval | null): BulkNote<'bulk_request.accepted'> {
  const status: BulkRequestStatus = awaits ? 'awaiting_approval' : 'processing';
  return note('bulk_request.accepted', bulk, null, {
    status,
    lines: bulk.transferCount,
    rejected_lines: bulk.rejectedCount,
    total_minor: bulk.totalMinor.toString(),
    currency: bulk.currency,
    rail: bulk.rail,
    debtor_account_id: bulk.debtorAccountId,
    ...(bulk.origin && { origin: bulk.origin, origin_id: bulk.originId }),
    ...(awaits && {
      payload_hash: awaits.payloadHash,
      approvals_required: awaits.approvers,
      approval_reasons: awaits.reasons.map(({ code }) => code),
    }),
  });
}

/** @param given how many there are with this one */
export function approvedNote(
  { organizationId, bulkId: id, required, payloadHash }: ApprovedRequest,
  given: number,
): BulkNote<'bulk_request.approved'> {
  const after = { approvals: given, approvals_required: required, payload_hash: payloadHash };
  return note('bulk_request.approved', { organizationId, id }, { approvals: given - 1 }, after);
}

export interface ApprovedRequest {
  readonly organizationId: string;
  readonly bulkId: string;
  readonly required: number;
  readonly payloadHash: string;
}

/** The last approval that was needed lets it go. */
export function releasedNote({ organizationId, bulkId: id }: ApprovedRequest): BulkNote<'bulk_request.released'> {
  return note('bulk_request.released', { organizationId, id }, state('awaiting_approval'), state('processing'));
}

const DISMISSED = {
  rejected: 'bulk_request.rejected',
  expired: 'bulk_request.approval_expired',
  cancelled: 'bulk_request.cancelled',
} as const satisfies Record<Exclude<ApprovalOutcome, 'approved'>, string>;

/** Ended before it began. `reason` is that of whoever said no. */
export function dismissedNote(
  bulk: Noted,
  outcome: keyof typeof DISMISSED,
  { status, counts, reason }: { status: BulkRequestStatus; counts: FinalCounts; reason: string | null },
): BulkNote<(typeof DISMISSED)[typeof outcome]> {
  const after = { ...state(status), ...countsOf(counts) };
  return { ...note(DISMISSED[outcome], bulk, state('awaiting_approval'), after), reason };
}

const CONTROLLED = {
  cancel: 'bulk_request.cancelled',
  pause: 'bulk_request.paused',
  resume: 'bulk_request.resumed',
} as const satisfies Record<ControlAction, string>;

export function controlledNote(
  bulk: Noted,
  action: ControlAction,
  { from, to }: { from: BulkRequestStatus; to: BulkRequestStatus },
): BulkNote<(typeof CONTROLLED)[typeof action]> {
  return note(CONTROLLED[action], bulk, state(from), state(to));
}

/** A failed line ends it, as its `on_failure` says. */
export function stoppedNote(
  bulk: Noted,
  { from, to }: { from: BulkRequestStatus; to: 'cancelling' | 'reversing' },
): BulkNote<'bulk_request.stopped' | 'bulk_request.reversing'> {
  const action = to === 'reversing' ? 'bulk_request.reversing' : 'bulk_request.stopped';
  return note(action, bulk, state(from), { ...state(to), stopped_by: 'on_failure' });
}

export function completedNote(
  bulk: Noted,
  { from, to, counts }: { from: BulkRequestStatus; to: BulkRequestStatus; counts: FinalCounts },
): BulkNote<'bulk_request.completed'> {
  return note('bulk_request.completed', bulk, state(from), { ...state(to), ...countsOf(counts) });
}

/** Of the bulk that failed; the one that pays its lines again has a note of its own, as any that is accepted. */
export function retriedNote(
  bulk: Noted,
  retry: Pick<AcceptedBulk, 'id' | 'transferCount' | 'totalMinor' | 'currency'>,
): BulkNote<'bulk_request.retried'> {
  return note('bulk_request.retried', bulk, null, {
    retry_id: retry.id,
    lines: retry.transferCount,
    total_minor: retry.totalMinor.toString(),
    currency: retry.currency,
  });
}

/** @param findings in our own words, with numbers */
export function recountedNote(
  bulk: Noted & { readonly status: BulkRequestStatus },
  findings: readonly string[],
): BulkNote<'bulk_request.recounted'> {
  return note('bulk_request.recounted', bulk, null, { ...state(bulk.status), findings });
}

function note<Action extends string>(
  action: Action,
  { organizationId, id }: Noted,
  before: NotedState | null,
  after: NotedState,
): BulkNote<Action> {
  return { organizationId, action, resource: { type: 'bulk_request', id }, reason: null, before, after };
}

const state = (status: BulkRequestStatus) => ({ status });

const countsOf = (counts: FinalCounts): NotedState => ({
  settled: counts.settled,
  failed: counts.failed,
  cancelled: counts.cancelled,
  returned: counts.returned,
  settled_minor: counts.settledMinor.toString(),
  failed_minor: counts.failedMinor.toString(),
  cancelled_minor: counts.cancelledMinor.toString(),
  returned_minor: counts.returnedMinor.toString(),
});
