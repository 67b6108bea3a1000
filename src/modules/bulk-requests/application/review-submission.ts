import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import {
  approvalReasons,
  type ApprovalTerms,
  type DuplicatePolicy,
  PoliciesQueries,
  PoliciesService,
  termsOf,
  type UsedLimit,
} from '../../policies/index.js';
import { type NewTransfer, TransfersQueries } from '../../transfers/index.js';
import type { WaitingReason } from '../domain/approval.js';
import { strictest } from '../domain/duplicate.js';
import type { NewBulkRequest } from '../persistence/bulk-request.repository.js';
import { DetectDuplicates, type DuplicateSearch, type FoundDuplicates } from './detect-duplicates.js';

/** What a bulk has to wait for. */
export interface ApprovalRequirement extends ApprovalTerms {
  /** Never empty: whatever holds a bulk says why here. */
  readonly reasons: readonly WaitingReason[];
}

/** What the rules of the organization say about a bulk that is otherwise good. */
export interface Review {
  /** Those it counts against. */
  readonly limits: readonly UsedLimit[];
  /** How it is approved if it has to be, and why it would have to be if there were no duplicates. */
  readonly terms: ApprovalTerms;
  readonly ownReasons: readonly WaitingReason[];
  readonly duplicates: FoundDuplicates;
  readonly approval: ApprovalRequirement | null;
  /** Shown with the bulk: what it looks like, and is paid nevertheless. */
  readonly warnings: readonly string[];
}

/** What the request says about duplicates; the policy of its organization is the least that holds. */
export interface AskedAboutDuplicates extends Omit<DuplicateSearch, 'policy'> {
  readonly policy: DuplicatePolicy | undefined;
}

/** Holds a submission against what the platform has set for its organization. */
@Injectable()
export class ReviewSubmission {
  constructor(
    private readonly policies: PoliciesQueries,
    private readonly limits: PoliciesService,
    private readonly transfers: TransfersQueries,
    private readonly duplicates: DetectDuplicates,
  ) {}

  /**
   * Reads only.
   *
   * @param asked how to look for payments that its lines repeat
   * @throws limit_exceeded, suspected_duplicate
   */
  async review(bulk: NewBulkRequest, lines: readonly NewTransfer[], asked: AskedAboutDuplicates): Promise<Review> {
    const { organizationId, currency, debtorAccountId: accountId, totalMinor, transferCount } = bulk;
    const { policy, limits } = await this.policies.rulesFor({ organizationId, currency, accountId });
    this.limits.assertWithin(limits, { amountMinor: totalMinor, count: transferCount });
    const { approval } = policy;
    const newCounterparties =
      typeof approval?.newCounterpartiesOver === 'number'
        ? await this.transfers.countNewCounterparties(organizationId, lines)
        : 0;
    const search = { ...asked, policy: strictest(policy.duplicatePolicy, asked.policy) };
    const found = await this.duplicates.detect(bulk, lines, search);
    const ownReasons = approvalReasons(approval, { currency, totalMinor, transferCount, newCounterparties });
    return concluded({ limits, terms: termsOf(approval), ownReasons }, found);
  }

  /**
   * The review as it is once every other acceptance of the organization waits for this one; the same object when nothing has changed.
   *
   * @throws suspected_duplicate
   */
  async confirm(tx: Tx, bulk: NewBulkRequest, lines: readonly NewTransfer[], review: Review): Promise<Review> {
    const found = await this.duplicates.confirm(tx, bulk, lines, review.duplicates);
    return found === review.duplicates ? review : concluded(review, found);
  }
}

function concluded(
  { limits, terms, ownReasons }: Pick<Review, 'limits' | 'terms' | 'ownReasons'>,
  duplicates: FoundDuplicates,
): Review {
  const reasons = [...ownReasons, ...duplicates.reasons];
  const approval = reasons.length === 0 ? null : { ...terms, reasons };
  return { limits, terms, ownReasons, duplicates, approval, warnings: duplicates.warnings };
}

/** For a dry run, which waits for nothing. */
export const warningsOf = ({ approval, warnings }: Review): string[] => [
  ...(approval?.reasons ?? []).map(({ code }) => `approval_required: ${code}`),
  ...warnings,
];
