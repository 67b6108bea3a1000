import type { LedgerEntryKind } from './ledger-entry.js';

/** What was booked under one kind. */
export interface KindSum {
  readonly kind: LedgerEntryKind;
  readonly entries: number;
  /** Of the amounts, whichever account they went to, in minor units. */
  readonly sumMinor: bigint;
}
