import { formatAmount } from '../../../domain/money.js';
import type { RailPayment } from './rail.js';

/** The body of `POST /payments`. */
export function paymentMessage(payment: RailPayment): string {
  const { reference, currency, debtor, creditor, remittance, reverses } = payment;
  return JSON.stringify({
    reference,
    amount: formatAmount(payment.amountMinor, currency),
    currency,
    debtor: { iban: debtor.iban, bic: debtor.bic },
    creditor: { name: creditor.name, iban: creditor.iban, bic: creditor.bic },
    remittance,
    // Absent from the message when undefined; a conditional spread costs more than the rest of it.
    reverses: reverses ?? undefined,
  });
}
