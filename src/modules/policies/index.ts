export {
  approvalReasons,
  type ApprovalFacts,
  type ApprovalReason,
  type ApprovalTerms,
  termsOf,
} from './domain/approval-rule.js';
export type { UsedLimit } from './domain/limit.js';
export type { DuplicatePolicy, PaymentPolicy } from './domain/payment-policy.js';
export { PoliciesModule } from './policies.module.js';
export { PoliciesQueries } from './policies.queries.js';
export { PoliciesService, type SetLimits, type SetPolicy } from './policies.service.js';
