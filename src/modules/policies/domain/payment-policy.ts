import type { DuplicatePolicy } from '../../../domain/duplicate-policy.js';

export { DUPLICATE_POLICIES, type DuplicatePolicy } from '../../../domain/duplicate-policy.js';

export interface AmountThreshold {
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** When a bulk has to be approved, by how many, and for how long it waits. A threshold is passed by more than it, not by as much. */
export interface ApprovalPolicy {
  readonly amountOver: readonly AmountThreshold[];
  readonly transferCountOver: number | null;
  /** Counterparties that the organization has never paid. */
  readonly newCounterpartiesOver: number | null;
  readonly approvers: number;
  readonly expiresAfterHours: number;
}

export interface PaymentPolicy {
  /** Null: no threshold sends a bulk to approval. */
  readonly approval: ApprovalPolicy | null;
  readonly duplicatePolicy: DuplicatePolicy;
  /** 0 as long as nobody has set it. */
  readonly version: number;
  readonly updatedAt: Date | null;
}

export const MAX_APPROVERS = 5;
export const MAX_EXPIRY_HOURS = 720;
export const DEFAULT_EXPIRY_HOURS = 72;
/** What holds until the platform sets something else. */
export const DEFAULT_POLICY: PaymentPolicy = {
  approval: null,
  duplicatePolicy: 'warn',
  version: 0,
  updatedAt: null,
};
