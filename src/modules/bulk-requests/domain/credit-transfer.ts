import { isCurrency } from '../../../domain/currency.js';
import { type FieldError, MAX_LISTED_ERRORS } from '../../../domain/errors.js';
import { validateIban } from '../../../domain/iban.js';
import { type AmountErrorCode, parseAmount } from '../../../domain/money.js';
import { normalizeText } from '../../../domain/text.js';
import type { RejectedLine } from './bulk-request.js';

/** One line as submitted: an instance of the schema, no rule checked yet. */
export interface CreditTransferInput {
  readonly amount: string;
  readonly currency?: string | undefined;
  readonly counterparty_name: string;
  readonly counterparty_iban: string;
  readonly counterparty_bic?: string | undefined;
  readonly description?: string | undefined;
  readonly purpose_code?: string | undefined;
  readonly client_transfer_id?: string | undefined;
}

/** One line that keeps every rule. */
export interface CreditTransfer {
  /** Position in the request, counted from 0. */
  readonly line: number;
  readonly amountMinor: bigint;
  readonly counterpartyName: string;
  readonly counterpartyIban: string;
  readonly counterpartyBic: string | null;
  readonly description: string | null;
  readonly purposeCode: string | null;
  readonly clientTransferId: string | null;
}

export interface CheckedCreditTransfers {
  readonly accepted: readonly CreditTransfer[];
  /** The first hundred; `rejectedCount` is how many there were. */
  readonly rejected: readonly RejectedLine[];
  readonly rejectedCount: number;
  /** All field errors in the order of the lines, the first hundred, and how many there were. */
  readonly errors: readonly FieldError[];
  readonly errorCount: number;
}

const DETAILS = {
  zero_amount: 'The amount must be greater than zero.',
  too_many_decimals: 'The amount has more decimals than the currency.',
  pattern: 'The amount does not have the form it must.',
  unknown_currency: 'No such ISO 4217 currency.',
  currency_mismatch: 'The currency is not that of the debtor account.',
  iban_country: 'The IBAN does not begin with a country of the IBAN registry.',
  iban_length: 'The IBAN does not have the length of its country.',
  iban_checksum: 'The check digits of the IBAN do not match.',
  iban_structure: 'The IBAN does not have the structure of its country.',
  same_account: 'The counterparty is the debtor account itself.',
  duplicate_client_transfer_id: 'Another line has this client_transfer_id.',
  too_long: 'In normal form C the text is longer than the field may be.',
} as const;

/** In characters. The schema held the text to it as it was sent; a few characters become longer in NFC. */
const MAX_LENGTHS = { counterparty_name: 140, description: 140, client_transfer_id: 35 } as const;

type LineErrorCode = keyof typeof DETAILS;

/** Where a line is in the body of a bulk request. */
export const creditTransferPointer = (line: number): string => `/credit_transfers/${line}`;

/** Checks every line against the rules; all errors of all lines are found at once. */
export function checkCreditTransfers(
  lines: readonly CreditTransferInput[],
  debtor: { readonly currency: string; readonly iban: string | null },
  pointerOf: (line: number) => string = creditTransferPointer,
): CheckedCreditTransfers {
  const accepted: CreditTransfer[] = [];
  const rejected: RejectedLine[] = [];
  const errors: FieldError[] = [];
  let rejectedCount = 0;
  let errorCount = 0;
  const seen = new Set<string>();
  for (let line = 0; line < lines.length; line++) {
    const found: FieldError[] = [];
    const refuse = (field: string, code: LineErrorCode): void => {
      found.push({ pointer: `${pointerOf(line)}/${field}`, code, detail: DETAILS[code] });
    };
    const transfer = checkLine(lines[line] as CreditTransferInput, line, debtor, seen, refuse);
    if (found.length === 0 && transfer) {
      accepted.push(transfer);
      continue;
    }
    rejectedCount++;
    errorCount += found.length;
    if (rejected.length < MAX_LISTED_ERRORS) rejected.push({ line, errors: found });
    if (errors.length < MAX_LISTED_ERRORS) errors.push(...found.slice(0, MAX_LISTED_ERRORS - errors.length));
  }
  return { accepted, rejected, rejectedCount, errors, errorCount };
}

function checkLine(
  input: CreditTransferInput,
  line: number,
  debtor: { readonly currency: string; readonly iban: string | null },
  seen: Set<string>,
  refuse: (field: string, code: LineErrorCode) => void,
): CreditTransfer | null {
  const currency = input.currency ?? debtor.currency;
  if (!isCurrency(currency)) refuse('currency', 'unknown_currency');
  else if (currency !== debtor.currency) refuse('currency', 'currency_mismatch');
  const amount = isCurrency(currency)
    ? parseAmount(input.amount, currency)
    : parseAmount(input.amount, debtor.currency);
  if (!amount.ok) refuse('amount', amount.code satisfies AmountErrorCode);
  const iban = validateIban(input.counterparty_iban);
  if (!iban.ok) refuse('counterparty_iban', iban.code);
  else if (iban.iban === debtor.iban) refuse('counterparty_iban', 'same_account');
  const textOf = (field: keyof typeof MAX_LENGTHS): string | null => {
    const sent = input[field];
    if (sent === undefined) return null;
    const text = normalizeText(sent);
    if (text.length > sent.length && [...text].length > MAX_LENGTHS[field]) refuse(field, 'too_long');
    return text;
  };
  const counterpartyName = textOf('counterparty_name') ?? '';
  const description = textOf('description');
  const clientTransferId = textOf('client_transfer_id');
  if (clientTransferId !== null) {
    if (seen.has(clientTransferId)) refuse('client_transfer_id', 'duplicate_client_transfer_id');
    seen.add(clientTransferId);
  }
  if (!amount.ok || !iban.ok) return null;
  return {
    line,
    amountMinor: amount.minor,
    counterpartyName,
    counterpartyIban: iban.iban,
    counterpartyBic: input.counterparty_bic ?? null,
    description,
    purposeCode: input.purpose_code ?? null,
    clientTransferId,
  };
}
