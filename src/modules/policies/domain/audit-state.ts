import type { PaymentLimits } from './limit.js';
import type { PaymentPolicy } from './payment-policy.js';

/*
 * What the audit log keeps of rules: all of them, with amounts in minor units as text. They name nobody.
 */

export function policyState({ approval, duplicatePolicy, version }: PaymentPolicy) {
  return {
    version,
    duplicate_policy: duplicatePolicy,
    approval: approval && {
      amount_over: approval.amountOver.map(({ currency, amountMinor }) => ({
        currency,
        amount_minor: amountMinor.toString(),
      })),
      transfer_count_over: approval.transferCountOver,
      new_counterparties_over: approval.newCounterpartiesOver,
      approvers: approval.approvers,
      expires_after_hours: approval.expiresAfterHours,
    },
  };
}

export function limitsState({ version, limits }: PaymentLimits) {
  return {
    version,
    limits: limits.map(({ accountId, currency, per, maxMinor, maxCount }) => ({
      account_id: accountId,
      currency,
      per,
      max_minor: maxMinor === null ? null : maxMinor.toString(),
      max_count: maxCount,
    })),
  };
}
