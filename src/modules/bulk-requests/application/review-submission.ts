import { Injectable } from '@nestjs/common';
import { approvalReasons, PoliciesQueries, PoliciesService, termsOf, type UsedLimit } from '../../policies/index.js';
import { type NewTransfer, TransfersQueries } from '../../transfers/index.js';
import type { WaitingReason } from '../domain/approval.js';
import type { NewBulkRequest } from '../persistence/bulk-request.repository.js';
import { DetectDuplicates, type DuplicateSearch } from './detect-duplicates.js';

/** What a bulk has to wait for. */
export interface ApprovalRequirement {
  readonly approvers: number;
  readonly expiresAfterHours: number;
  /** Never empty: whatever holds a bulk says why here. */
  readonly reasons: readonly WaitingReason[];
}

/** What the rules of the organization say about a bulk that is otherwise good. */
export interface Review {
  /** Those it counts against. */
  readonly limits: readonly UsedLimit[];
  readonly approval: ApprovalRequirement | null;
  /** Shown with the bulk: what it looks like, and is paid nevertheless. */
  readonly warnings: readonly string[];
  /** Lines that would have been refused without the reason that was given for them. */
  readonly overriddenDuplicates: { readonly lines: number; readonly reason: string } | null;
}

/** Holds a submission against what the platform has set for its organization. Reads only. */
@Injectable()
export class ReviewSubmission {
  constructor(
    private readonly policies: PoliciesQueries,
    private readonly limits: PoliciesService,
    private readonly transfers: TransfersQueries,
    private readonly duplicates: DetectDuplicates,
  ) {}

  /**
   * @param duplicates how to look for lines that were paid before; null where paying them again is what was asked for
   * @throws limit_exceeded, suspected_duplicate
   */
  async review(
    bulk: NewBulkRequest,
    lines: readonly NewTransfer[],
    duplicates: DuplicateSearch | null,
  ): Promise<Review> {
    const { organizationId, currency, debtorAccountId: accountId, totalMinor, transferCount } = bulk;
    const { policy, limits } = await this.policies.rulesFor({ organizationId, currency, accountId });
    this.limits.assertWithin(limits, { amountMinor: totalMinor, count: transferCount });
    const { approval } = policy;
    const newCounterparties =
      typeof approval?.newCounterpartiesOver === 'number'
        ? await this.transfers.countNewCounterparties(organizationId, lines)
        : 0;
    const found = duplicates && (await this.duplicates.detect(bulk, lines, policy.duplicatePolicy, duplicates));
    const reasons: WaitingReason[] = [
      ...approvalReasons(approval, { currency, totalMinor, transferCount, newCounterparties }),
      ...(found?.reasons ?? []),
    ];
    return {
      limits,
      approval: reasons.length === 0 ? null : { ...termsOf(approval), reasons },
      warnings: found?.warnings ?? [],
      overriddenDuplicates: found?.overridden ?? null,
    };
  }
}

/** For a dry run, which waits for nothing. */
export const warningsOf = ({ approval, warnings }: Review): string[] => [
  ...(approval?.reasons ?? []).map(({ code }) => `approval_required: ${code}`),
  ...warnings,
];
