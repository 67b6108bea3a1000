import type { Currency } from '../../../domain/currency.js';

/** Why money moved. */
export const LEDGER_ENTRY_KINDS = [
  'settlement', // a transfer was paid: the debtor's account to its rail's clearing account, or to the counterparty's own
  'return', // a paid transfer came back: the clearing account to the debtor's, or to suspense when that is closed
  'reversal', // a paid transfer is taken back by a new one: the clearing account, or the counterparty's own, to the debtor's
  'book_delivery', // a transfer from another organization arrives: the clearing account to the counterparty's
  'bank_credit', // the bank puts money on an account: the bank account to that one
  'bank_debit', // the bank takes money off an account: that one to the bank account
  'suspense', // the rail says otherwise than our books: suspense and clearing, until a person decides
  'correction', // a person decided what becomes of money on suspense: suspense and clearing, the debtor's account, or fees
] as const;

export type LedgerEntryKind = (typeof LEDGER_ENTRY_KINDS)[number];

/** One movement to book: takes `amountMinor`, more than nothing, from one account and gives it to the other. */
export interface NewLedgerEntry {
  /** Made with `newId()` for this posting; left out, the ledger makes it. */
  readonly id?: string;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amountMinor: bigint;
  readonly currency: Currency;
  readonly kind: LedgerEntryKind;
  /** The transfer it books; the database takes each kind at most once per transfer. */
  readonly transferId?: string | null;
  /** Anything else it can be traced by. */
  readonly reference?: string | null;
}

/** What is booked in one go. */
export interface Posting {
  readonly organizationId: string;
  readonly entries: readonly NewLedgerEntry[];
  /** Reservations that end, or begin, with it; in minor units, negative releases. */
  readonly reservedChanges?: readonly { readonly accountId: string; readonly reservedMinor: bigint }[];
}

/** One entry, seen from one of its two accounts. */
export interface AccountEntry {
  readonly id: string;
  readonly kind: LedgerEntryKind;
  readonly direction: 'debit' | 'credit';
  readonly amountMinor: bigint;
  readonly currency: Currency;
  readonly counterAccountId: string;
  readonly transferId: string | null;
  readonly reference: string | null;
  readonly createdAt: Date;
}
