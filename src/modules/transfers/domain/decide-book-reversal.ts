import type { PaymentOutcome } from '../../../domain/payment-outcome.js';
import { rejectedByBook } from './decide-book.js';

/** The account that was credited, and is to give the money back. */
export interface ReversedCreditor {
  readonly id: string;
  readonly status: 'active' | 'frozen' | 'closed';
  /** What it can give, in minor units. */
  readonly availableMinor: bigint;
  /** Of the organization that takes its payment back: nobody else's account is debited. */
  readonly isOwn: boolean;
}

/**
 * Taking payments back in our own books, line by line: what one line takes from an account is no longer there for the next. Codes are
 * ISO 20022 external status reasons.
 */
export function decideBookReversals(
  lines: readonly {
    readonly reference: string;
    readonly amountMinor: bigint;
    readonly creditor: ReversedCreditor | null;
  }[],
): PaymentOutcome[] {
  const takenMinor = new Map<string, bigint>();
  return lines.map(({ reference, amountMinor, creditor }) => {
    if (!creditor) return rejectedByBook('AC01');
    if (!creditor.isOwn) return rejectedByBook('AG01');
    if (creditor.status === 'closed') return rejectedByBook('AC04');
    if (creditor.status === 'frozen') return rejectedByBook('AC06');
    const taken = takenMinor.get(creditor.id) ?? 0n;
    if (creditor.availableMinor - taken < amountMinor) return rejectedByBook('AM04');
    takenMinor.set(creditor.id, taken + amountMinor);
    return { kind: 'settled', railId: `book-${reference}` };
  });
}
