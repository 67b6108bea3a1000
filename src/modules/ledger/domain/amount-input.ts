import type { Currency } from '../../../domain/currency.js';
import { fieldErrors } from '../../../domain/errors.js';
import { type AmountErrorCode, parseAmount, parseAmountNumber } from '../../../domain/money.js';

/** An amount as callers may send it: a decimal string, or a JSON number read by its shortest decimal form. */
export type AmountInput = string | number;

const DETAILS: Readonly<Record<AmountErrorCode, string>> = {
  pattern: 'An amount is digits with at most three decimals, without sign, exponent or leading zeros.',
  zero_amount: 'The amount must be more than zero.',
  too_many_decimals: 'The amount has more decimals than its currency.',
  unknown_currency: 'Accounts are not held in this currency.',
};

/** @throws invalid_request (no amount at all), validation_failed (zero, too many decimals), both pointing at /amount */
export function amountMinorOf(amount: AmountInput, currency: Currency): bigint {
  const parsed = typeof amount === 'string' ? parseAmount(amount, currency) : parseAmountNumber(amount, currency);
  if (parsed.ok) return parsed.minor;
  const kind = parsed.code === 'pattern' ? 'invalid' : 'rule';
  throw fieldErrors(kind, [{ pointer: '/amount', code: parsed.code, detail: DETAILS[parsed.code] }]);
}
