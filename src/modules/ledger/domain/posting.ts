import type { Posting } from './ledger-entry.js';

/** What a posting does to balances: the debited account loses, the credited one gains, reservations follow. */
export function* balanceChangesOf({
  entries,
  reservedChanges = [],
}: Pick<Posting, 'entries' | 'reservedChanges'>): Generator<{
  accountId: string;
  postedMinor: bigint;
  reservedMinor: bigint;
}> {
  for (const { debitAccountId, creditAccountId, amountMinor } of entries) {
    yield { accountId: debitAccountId, postedMinor: -amountMinor, reservedMinor: 0n };
    yield { accountId: creditAccountId, postedMinor: amountMinor, reservedMinor: 0n };
  }
  for (const { accountId, reservedMinor } of reservedChanges) yield { accountId, postedMinor: 0n, reservedMinor };
}
