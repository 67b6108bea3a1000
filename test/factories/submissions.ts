import { ACME_DEBTOR } from '../support/acme.js';

/** A good line, as a caller would write it, and what a test changes about it. */
export const line = (change: object = {}): object => ({
  amount: '1.00',
  counterparty_name: 'John Doe',
  counterparty_iban: 'DE89370400440532013000',
  ...change,
});

/** A good bulk request of ACME Corp with one line, and what a test changes about it. */
export const bulk = (change: object = {}): object => ({ ...ACME_DEBTOR, credit_transfers: [line()], ...change });

export const bulkOf = (...lines: unknown[]): object => bulk({ credit_transfers: lines });

export const lines = (count: number, change: (index: number) => object = () => ({})): object[] =>
  Array.from({ length: count }, (_, index) => line(change(index)));

/** No other submission has this fingerprint. */
export const unlike = (text: string): object => ({ metadata: { test: text } });
