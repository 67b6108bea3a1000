import { makerCannotApprove, payloadHashMismatch } from './approval.errors.js';
import { invalidState } from './bulk-request.errors.js';
import type { BulkRequestStatus } from './bulk-request.state.js';

/** Whoever submits or decides. Two are the same person when kind and id are; the key is only told. */
export interface Actor {
  readonly kind: string;
  readonly id: string;
  readonly keyId: string | null;
}

/** Why a bulk waits: the codes of the rule that holds it, with what was allowed and what was asked for. */
export interface WaitingReason {
  readonly code: string;
  readonly over: string;
  readonly actual: string;
}

export type ApprovalOutcome = 'approved' | 'rejected' | 'expired' | 'cancelled';

/** What has to happen before a bulk is paid. */
export interface ApprovalRequest {
  readonly bulkId: string;
  readonly organizationId: string;
  /** How many have to approve. */
  readonly required: number;
  readonly reasons: readonly WaitingReason[];
  /** SHA-256 of the canonical payload, in hex: what every approval is for. */
  readonly payloadHash: string;
  readonly submitter: Actor;
  readonly expiresAt: Date;
  /** Its time has run out, though nobody may have ended it yet. */
  readonly isOverdue: boolean;
  readonly decidedAt: Date | null;
  readonly outcome: ApprovalOutcome | null;
}

export interface Decision {
  readonly approver: Actor;
  readonly decision: 'approve' | 'reject';
  readonly payloadHash: string;
  readonly reason: string | null;
  readonly decidedAt: Date;
}

/** A request with everything that was said about it. */
export interface Approval {
  readonly request: ApprovalRequest;
  readonly decisions: readonly Decision[];
}

export const isSameActor = (a: Actor, b: Actor): boolean => a.kind === b.kind && a.id === b.id;

/** Approvals of exactly this payload; what was said about another one is void. */
export const approvalsOf = ({ request, decisions }: Approval): Decision[] =>
  decisions.filter(({ decision, payloadHash }) => decision === 'approve' && payloadHash === request.payloadHash);

export const rejectionOf = ({ decisions }: Approval): Decision | null =>
  decisions.find(({ decision }) => decision === 'reject') ?? null;

/**
 * What follows when somebody approves, under the bulk's lock.
 *
 * @returns `given`: they had approved it already, and once counts once; `overdue`: its time has run out
 * @throws invalid_state, maker_cannot_approve, payload_hash_mismatch
 */
export function decideApproval(
  status: BulkRequestStatus,
  approval: Approval | null,
  { approver, payloadHash }: { readonly approver: Actor; readonly payloadHash: string },
): 'counts' | 'given' | 'overdue' {
  if (!approval) throw invalidState(status, 'The bulk request needs no approval.');
  const { request } = approval;
  const isGiven = approvalsOf(approval).some((given) => isSameActor(given.approver, approver));
  const isOpen = status === 'awaiting_approval';
  // Whoever did not hear the answer may ask again, also after their approval was the last one.
  if (isGiven && payloadHash === request.payloadHash && (isOpen || request.outcome === 'approved')) return 'given';
  if (!isOpen) throw invalidState(status, `A bulk request that is ${status} cannot be approved.`);
  if (request.isOverdue) return 'overdue';
  if (isSameActor(request.submitter, approver)) throw makerCannotApprove();
  if (payloadHash !== request.payloadHash) throw payloadHashMismatch();
  return 'counts';
}
