import { railReference } from '../../../domain/ids.js';
import type { PayableLine } from './line.js';

/** A line as its rail gets it. The reference is the transfer's own, the same at every submission. */
export function toPayment(line: PayableLine, debtor: { debtorIban: string | null; debtorBic: string | null }) {
  return {
    reference: railReference(line.id),
    amountMinor: line.amountMinor,
    currency: line.currency,
    attempt: line.attempts + 1,
    debtor: { iban: debtor.debtorIban, bic: debtor.debtorBic },
    creditor: { name: line.counterpartyName, iban: line.counterpartyIban, bic: line.counterpartyBic },
    remittance: line.description,
  };
}
