import type { PaymentOutcome } from '../../../domain/payment-outcome.js';

/** What the book rail has to know about the account to be credited. */
export interface BookCreditor {
  readonly status: 'active' | 'frozen' | 'closed';
  readonly currency: string;
}

const REASONS = {
  AC01: 'No account with this IBAN is held here',
  AC04: 'The account is closed',
  AC06: 'The account is blocked',
  AC09: 'The account is held in another currency',
  AG01: 'An account of another organization is not debited',
  AM04: 'The account does not have the money any more',
} as const;

/** Settling in our own books, decided inside the transaction that posts it. Codes are ISO 20022 external status reasons. */
export function decideBook(currency: string, creditor: BookCreditor | undefined, reference: string): PaymentOutcome {
  if (!creditor) return rejectedByBook('AC01');
  if (creditor.status === 'closed') return rejectedByBook('AC04');
  if (creditor.status === 'frozen') return rejectedByBook('AC06');
  if (creditor.currency !== currency) return rejectedByBook('AC09');
  return { kind: 'settled', railId: `book-${reference}` };
}

export function rejectedByBook(code: keyof typeof REASONS): PaymentOutcome {
  return { kind: 'rejected', code, detail: REASONS[code] };
}
