import { Injectable } from '@nestjs/common';
import { approvalReasons, PoliciesQueries, PoliciesService, termsOf, type UsedLimit } from '../../policies/index.js';
import { TransfersQueries } from '../../transfers/index.js';
import type { WaitingReason } from '../domain/approval.js';
import type { NewBulkRequest } from '../persistence/bulk-request.repository.js';

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
}

/** Holds a submission against what the platform has set for its organization. Reads only. */
@Injectable()
export class ReviewSubmission {
  constructor(
    private readonly policies: PoliciesQueries,
    private readonly limits: PoliciesService,
    private readonly transfers: TransfersQueries,
  ) {}

  /** @throws limit_exceeded */
  async review(bulk: NewBulkRequest, lines: readonly { readonly counterpartyIban: string }[]): Promise<Review> {
    const { organizationId, currency, debtorAccountId: accountId, totalMinor, transferCount } = bulk;
    const { policy, limits } = await this.policies.rulesFor({ organizationId, currency, accountId });
    this.limits.assertWithin(limits, { amountMinor: totalMinor, count: transferCount });
    const { approval } = policy;
    const newCounterparties =
      typeof approval?.newCounterpartiesOver === 'number'
        ? await this.transfers.countNewCounterparties(
            organizationId,
            lines.map((line) => line.counterpartyIban),
          )
        : 0;
    const reasons = approvalReasons(approval, { currency, totalMinor, transferCount, newCounterparties });
    return { limits, approval: reasons.length === 0 ? null : { ...termsOf(approval), reasons } };
  }
}

/** For a dry run, which waits for nothing. */
export const warningsOf = ({ approval }: Review): string[] =>
  (approval?.reasons ?? []).map(({ code }) => `approval_required: ${code}`);
