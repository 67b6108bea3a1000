import { railReference } from '../../../domain/ids.js';
import type { PayableLine } from './line.js';

/** A line as its rail gets it. The reference is the transfer's own, the same at every submission. */
export function toPayment(
  line: PayableLine,
  counterpartyIban: string,
  bulk: { debtorIban: string | null; debtorBic: string | null; isReversal: boolean },
) {
  return {
    reference: railReference(line.id),
    amountMinor: line.amountMinor,
    currency: line.currency,
    attempt: line.attempts + 1,
    debtor: { iban: bulk.debtorIban, bic: bulk.debtorBic },
    creditor: { name: line.counterpartyName, iban: counterpartyIban, bic: line.counterpartyBic },
    remittance: line.description,
    reverses: bulk.isReversal && line.originTransferId !== null ? railReference(line.originTransferId) : null,
  };
}
