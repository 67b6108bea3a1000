import type { Currency } from '../../../domain/currency.js';

/** As the customer's account sees it: `credit` puts money on it, `debit` takes money off it. */
export type Direction = 'credit' | 'debit';

/** Money moved, or asked to be moved, between an account and the bank's own. */
export interface BankTransaction {
  readonly id: string;
  readonly organizationId: string;
  readonly accountId: string;
  readonly currency: Currency;
  readonly amountMinor: bigint;
  readonly direction: Direction;
  readonly status: 'success' | 'fail';
  readonly reason: string;
  readonly failureReason: string | null;
  readonly createdAt: Date;
}

/** A debit beyond what is available is not an error: it is recorded as failed. */
export function failureReasonOf(
  { direction, amountMinor }: Pick<BankTransaction, 'direction' | 'amountMinor'>,
  availableMinor: bigint,
): string | null {
  return direction === 'debit' && availableMinor < amountMinor ? 'Insufficient funds' : null;
}

/** Who pays whom, and what the entry is called. */
export function bankEntryOf(
  {
    accountId,
    direction,
    amountMinor,
    currency,
  }: Pick<BankTransaction, 'accountId' | 'direction' | 'amountMinor' | 'currency'>,
  bankAccountId: string,
) {
  return direction === 'credit'
    ? { kind: 'bank_credit' as const, debitAccountId: bankAccountId, creditAccountId: accountId, amountMinor, currency }
    : { kind: 'bank_debit' as const, debitAccountId: accountId, creditAccountId: bankAccountId, amountMinor, currency };
}
