import { isCurrency } from '../../../domain/currency.js';
import type { FieldError } from '../../../domain/errors.js';
import { parseAmount } from '../../../domain/money.js';
import type { LimitPeriod, PaymentLimit } from './limit.js';
import type { AmountThreshold } from './payment-policy.js';

/** A limit as it is sent: an instance of the schema, no rule checked yet. */
export interface LimitInput {
  readonly account_id: string | null;
  readonly currency: string;
  readonly per: LimitPeriod;
  readonly max_amount: string | null;
  readonly max_count: number | null;
}

export interface Checked<T> {
  readonly value: T;
  readonly errors: readonly FieldError[];
}

const DETAILS = {
  unknown_currency: 'No such ISO 4217 currency.',
  too_many_decimals: 'The amount has more decimals than the currency.',
  pattern: 'The amount does not have the form it must.',
  duplicate: 'Another entry says the same about something else.',
  required: 'One of max_amount and max_count is needed.',
  unknown_account: 'The organization has no such account.',
  currency_mismatch: 'The currency is not that of the account.',
} as const;

const error = (pointer: string, code: keyof typeof DETAILS): FieldError => ({ pointer, code, detail: DETAILS[code] });

/** Thresholds, one for a currency. Zero is one: whatever is paid in that currency is more. */
export function checkThresholds(
  sent: readonly { readonly currency: string; readonly amount: string }[],
): Checked<AmountThreshold[]> {
  const errors: FieldError[] = [];
  const value: AmountThreshold[] = [];
  sent.forEach(({ currency, amount }, index) => {
    const at = `/approval/amount_over/${index}`;
    if (value.some((other) => other.currency === currency)) errors.push(error(`${at}/currency`, 'duplicate'));
    const amountMinor = amountOf(amount, currency, { amount: `${at}/amount`, currency: `${at}/currency` }, errors);
    if (amountMinor !== null) value.push({ currency, amountMinor });
  });
  return { value, errors };
}

/** @param currencyOf the currency of an account of the organization, null when it has no such account */
export function checkLimits(
  sent: readonly LimitInput[],
  currencyOf: (accountId: string) => string | null,
): Checked<PaymentLimit[]> {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const value = sent.map((limit, index): PaymentLimit => {
    const at = `/limits/${index}`;
    const { currency, per, max_amount: amount, max_count: maxCount } = limit;
    const accountId = limit.account_id?.toLowerCase() ?? null;
    const key = `${accountId} ${currency} ${per}`;
    if (seen.has(key)) errors.push(error(at, 'duplicate'));
    seen.add(key);
    if (accountId !== null) {
      const held = currencyOf(accountId);
      if (held === null) errors.push(error(`${at}/account_id`, 'unknown_account'));
      else if (held !== currency) errors.push(error(`${at}/currency`, 'currency_mismatch'));
    }
    if (amount === null && maxCount === null) errors.push(error(at, 'required'));
    const pointers = { amount: `${at}/max_amount`, currency: `${at}/currency` };
    const maxMinor = amountOf(amount ?? '0', currency, pointers, errors);
    return { accountId, currency, per, maxMinor: amount === null ? null : maxMinor, maxCount };
  });
  return { value, errors };
}

function amountOf(
  amount: string,
  currency: string,
  pointers: { readonly amount: string; readonly currency: string },
  errors: FieldError[],
): bigint | null {
  if (!isCurrency(currency)) {
    errors.push(error(pointers.currency, 'unknown_currency'));
    return null;
  }
  const parsed = parseAmount(amount, currency);
  if (parsed.ok) return parsed.minor;
  if (parsed.code === 'zero_amount') return 0n;
  errors.push(error(pointers.amount, parsed.code));
  return null;
}
