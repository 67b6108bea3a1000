import { ACME_BIC, ACME_IBAN } from '../../support/acme.js';

export interface Line {
  amount: string;
  counterparty_name: string;
  counterparty_iban: string;
  client_transfer_id?: string;
  description?: string;
}

/** `count` lines of different amounts; `describe` steers the bank by the remittance. */
export function payroll(count: number, describe: (line: number) => string = (line) => `Salary ${line}`): Line[] {
  return Array.from({ length: count }, (_, line) => ({
    amount: `${1 + (line % 7)}.${String(line % 100).padStart(2, '0')}`,
    counterparty_name: `Employee ${line}`,
    counterparty_iban: 'DE89370400440532013000',
    client_transfer_id: `line-${line}`,
    description: describe(line),
  }));
}

/** The body of a bulk request of ACME. */
export function bulkOf(lines: readonly Line[], values: object = {}): object {
  return { organization_iban: ACME_IBAN, organization_bic: ACME_BIC, ...values, credit_transfers: lines };
}
