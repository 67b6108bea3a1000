import type { Currency } from '../../../domain/currency.js';

/** What one transaction adds to an account's balances, in minor units; negative takes away. */
export interface BalanceChange {
  readonly accountId: string;
  readonly postedMinor: bigint;
  readonly reservedMinor: bigint;
}

/** An account's balances as a change has left them. */
export interface BalanceAfter {
  readonly id: string;
  readonly organizationId: string;
  /** Not one of the other sides of an organization's money. */
  readonly isCustomer: boolean;
  readonly currency: Currency;
  readonly postedMinor: bigint;
  readonly reservedMinor: bigint;
}

/** One change per account, whatever came in, and none that changes nothing: a hot row is written once. */
export function mergeChanges(changes: Iterable<BalanceChange>): BalanceChange[] {
  const merged = new Map<string, { accountId: string; postedMinor: bigint; reservedMinor: bigint }>();
  for (const { accountId, postedMinor, reservedMinor } of changes) {
    const known = merged.get(accountId);
    if (known) {
      known.postedMinor += postedMinor;
      known.reservedMinor += reservedMinor;
    } else {
      merged.set(accountId, { accountId, postedMinor, reservedMinor });
    }
  }
  return [...merged.values()].filter((change) => change.postedMinor !== 0n || change.reservedMinor !== 0n);
}
