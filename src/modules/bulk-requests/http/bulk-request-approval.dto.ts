import { ApiProperty } from '@nestjs/swagger';
import { Length, Matches } from 'class-validator';
import { NAME_PATTERN } from '../../../domain/text.js';
import { type Actor, type Approval, approvalsOf, rejectionOf } from '../domain/approval.js';

const HASH_PATTERN = '^[0-9a-f]{64}$';
const EXAMPLE_HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const EXAMPLE_ID = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e';

export class ApproveBulkRequestDto {
  /**
   * The `payload_hash` of the approval as you read it: you approve that payload and no other.
   * @example "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
   */
  @ApiProperty({ pattern: HASH_PATTERN })
  @Matches(new RegExp(HASH_PATTERN))
  payload_hash: string;
}

export class RejectBulkRequestDto {
  /**
   * Why, for whoever submitted it. No names and no IBANs.
   * @example "Two salaries are far above last month's"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  reason: string;
}

/** Somebody who submits or decides. */
export class ActorDto {
  /**
   * `key`: an API key. `admin`: the platform's own.
   * @example key
   */
  kind: string;
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e */
  id: string;
}

export class GivenApprovalDto {
  approver: ActorDto;
  /** @example "2026-11-21T09:00:00.000Z" */
  decided_at: string;
}

export class RejectionDto {
  by: ActorDto;
  /** @example "Two salaries are far above last month's" */
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
  /** @example "2026-11-21T09:00:00.000Z" */
  decided_at: string;
}

/** Which rule holds it: what passes without approval, and what was asked for. */
export class ApprovalReasonDto {
  /** @example amount_over */
  code: string;
  /** @example "10000.00" */
  over: string;
  /** @example "12500.00" */
  actual: string;
}

const STATUSES = ['not_required', 'awaiting_approval', 'approved', 'rejected', 'expired', 'cancelled'] as const;

export class BulkRequestApprovalDto {
  /** `not_required`: no rule held it when it was submitted. */
  @ApiProperty({ enum: STATUSES, example: 'awaiting_approval' })
  status: (typeof STATUSES)[number];
  /** SHA-256 of the canonical payload, in hex; null where no approval is required. */
  @ApiProperty({ type: 'string', nullable: true, pattern: HASH_PATTERN, example: EXAMPLE_HASH })
  payload_hash: string | null;
  /**
   * How many have to approve.
   * @example 2
   */
  required: number;
  /** Who has approved this payload, in order. */
  @ApiProperty({ type: [GivenApprovalDto] })
  approvals: GivenApprovalDto[];
  /** Why it waits, or did. */
  @ApiProperty({ type: [ApprovalReasonDto] })
  reasons: ApprovalReasonDto[];
  /** What is not approved by then is rejected. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, example: '2026-11-24T09:00:00.000Z' })
  expires_at: string | null;
  /** Cannot approve it. */
  @ApiProperty({ type: ActorDto, nullable: true, example: { kind: 'key', id: EXAMPLE_ID } })
  submitted_by: ActorDto | null;
  @ApiProperty({ type: RejectionDto, nullable: true, example: null })
  rejection: RejectionDto | null;
}

export const APPROVE_EXAMPLES = { approve: { value: { payload_hash: EXAMPLE_HASH } } };
export const REJECT_EXAMPLES = { reject: { value: { reason: "Two salaries are far above last month's" } } };

const NOT_REQUIRED: BulkRequestApprovalDto = {
  status: 'not_required',
  payload_hash: null,
  required: 0,
  approvals: [],
  reasons: [],
  expires_at: null,
  submitted_by: null,
  rejection: null,
};

const actorDto = ({ kind, id }: Actor): ActorDto => ({ kind, id });

export function bulkRequestApprovalDto(approval: Approval | null): BulkRequestApprovalDto {
  if (!approval) return NOT_REQUIRED;
  const { request } = approval;
  const rejection = rejectionOf(approval);
  return {
    status: request.outcome ?? 'awaiting_approval',
    payload_hash: request.payloadHash,
    required: request.required,
    approvals: approvalsOf(approval).map(({ approver, decidedAt }) => ({
      approver: actorDto(approver),
      decided_at: decidedAt.toISOString(),
    })),
    reasons: request.reasons.map(({ code, over, actual }) => ({ code, over, actual })),
    expires_at: request.expiresAt.toISOString(),
    submitted_by: actorDto(request.submitter),
    rejection: rejection && {
      by: actorDto(rejection.approver),
      reason: rejection.reason,
      decided_at: rejection.decidedAt.toISOString(),
    },
  };
}
