import { formatAmount } from '../../../domain/money.js';
import { type ApprovalPolicy, DEFAULT_EXPIRY_HOURS } from './payment-policy.js';

/** Why a bulk has to be approved: what was asked for, and what is allowed without. Amounts and numbers as text. */
export interface ApprovalReason {
  readonly code: 'amount_over' | 'transfer_count_over' | 'new_counterparties_over';
  readonly over: string;
  readonly actual: string;
}

/** What the rule looks at. */
export interface ApprovalFacts {
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly transferCount: number;
  /** Counterparties that the organization has never paid; counted only where the policy asks. */
  readonly newCounterparties: number;
}

/** What an approval takes, where there are reasons for one. */
export interface ApprovalTerms {
  readonly approvers: number;
  readonly expiresAfterHours: number;
}

/** Every threshold that is passed. None: it is paid without approval. */
export function approvalReasons(policy: ApprovalPolicy | null, facts: ApprovalFacts): ApprovalReason[] {
  if (policy === null) return [];
  const reasons: ApprovalReason[] = [];
  const threshold = policy.amountOver.find(({ currency }) => currency === facts.currency);
  if (threshold && facts.totalMinor > threshold.amountMinor) {
    const over = formatAmount(threshold.amountMinor, facts.currency);
    reasons.push({ code: 'amount_over', over, actual: formatAmount(facts.totalMinor, facts.currency) });
  }
  const { transferCountOver, newCounterpartiesOver } = policy;
  if (isOver(facts.transferCount, transferCountOver)) {
    reasons.push({ code: 'transfer_count_over', over: `${transferCountOver}`, actual: `${facts.transferCount}` });
  }
  if (isOver(facts.newCounterparties, newCounterpartiesOver)) {
    const actual = `${facts.newCounterparties}`;
    reasons.push({ code: 'new_counterparties_over', over: `${newCounterpartiesOver}`, actual });
  }
  return reasons;
}

/** What holds for a bulk that waits for another reason than a threshold, too. */
export const termsOf = (policy: ApprovalPolicy | null): ApprovalTerms => ({
  approvers: policy?.approvers ?? 1,
  expiresAfterHours: policy?.expiresAfterHours ?? DEFAULT_EXPIRY_HOURS,
});

const isOver = (actual: number, threshold: number | null): boolean => threshold !== null && actual > threshold;
