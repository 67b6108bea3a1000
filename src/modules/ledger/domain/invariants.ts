import type { Currency } from '../../../domain/currency.js';

/** What must hold at every commit. Empty lists are the good news, but for `sums`, which are all there and all zero. */
export interface LedgerInvariants {
  /** Posted balances of all accounts together, per currency: whatever one has, another owes. */
  readonly sums: readonly { readonly currency: Currency; readonly postedMinor: bigint }[];
  /** Accounts whose posted balance is not the sum of their entries. */
  readonly posted: readonly {
    readonly accountId: string;
    readonly organizationId: string;
    readonly currency: Currency;
    readonly postedMinor: bigint;
    readonly entriesMinor: bigint;
  }[];
  /** Accounts whose reserved balance is not the sum of their open holds. */
  readonly reserved: readonly {
    readonly accountId: string;
    readonly organizationId: string;
    readonly currency: Currency;
    readonly reservedMinor: bigint;
    readonly heldMinor: bigint;
  }[];
}

export function areKept({ sums, posted, reserved }: LedgerInvariants): boolean {
  return sums.every((sum) => sum.postedMinor === 0n) && posted.length === 0 && reserved.length === 0;
}
