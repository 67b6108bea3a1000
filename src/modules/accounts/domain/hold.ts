import type { Currency } from '../../../domain/currency.js';

/** Money reserved on an account for one purpose. Amounts are minor units. */
export interface Hold {
  readonly id: string;
  readonly organizationId: string;
  readonly accountId: string;
  readonly currency: Currency;
  /** With `referenceId`, what it is for: `bulk_request` and the id of one. */
  readonly purpose: string;
  readonly referenceId: string;
  readonly amountMinor: bigint;
  /** Left the account. */
  readonly capturedMinor: bigint;
  /** Became available again. */
  readonly releasedMinor: bigint;
}

export type NewHold = Omit<Hold, 'id' | 'capturedMinor' | 'releasedMinor'>;

/** What line outcomes add to a hold. */
export interface HoldOutcome {
  readonly purpose: string;
  readonly referenceId: string;
  readonly capturedMinor: bigint;
  readonly releasedMinor: bigint;
}
