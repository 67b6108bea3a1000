import { currencyExponent, type Currency } from './currency.js';
import { invariantViolated } from './errors.js';

/**
 * An amount on the wire, as a JSON Schema pattern: ASCII digits, no sign, no exponent, no leading zeros, up to twelve
 * digits and three decimals. So every minor amount is below 10^15 and fits a double exactly.
 */
export const AMOUNT_PATTERN = '^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,3})?$';

/** Largest sum of minor units a PostgreSQL `bigint` column holds. */
export const MAX_TOTAL_MINOR = 2n ** 63n - 1n;

export type AmountErrorCode = 'pattern' | 'zero_amount' | 'too_many_decimals' | 'unknown_currency';

export type ParsedAmount = { readonly ok: true; readonly minor: bigint } | AmountRefusal;

type AmountRefusal = { readonly ok: false; readonly code: AmountErrorCode };

const refusal = (code: AmountErrorCode): AmountRefusal => Object.freeze({ ok: false, code });

const REFUSED = {
  pattern: refusal('pattern'),
  zero: refusal('zero_amount'),
  decimals: refusal('too_many_decimals'),
  currency: refusal('unknown_currency'),
};

const POWERS_OF_TEN = [1, 10, 100, 1000] as const;
const MAX_INTEGER_DIGITS = 12;
const MAX_DECIMALS = 3;
const NOT_AN_AMOUNT = -1;

const ZERO = 48;
const NINE = 57;
const POINT = 46;

/**
 * Reads the decimal string of `AMOUNT_PATTERN` into minor units. The first of these that applies is reported:
 * `pattern` (a 400), then `unknown_currency`, `too_many_decimals` for the currency, `zero_amount` (422 each).
 */
export function parseAmount(text: string, currency: Currency): ParsedAmount {
  const point = text.indexOf('.');
  const integerDigits = point < 0 ? text.length : point;
  const decimals = point < 0 ? 0 : text.length - point - 1;
  const digits = integerDigits > MAX_INTEGER_DIGITS || decimals > MAX_DECIMALS ? NOT_AN_AMOUNT : digitsOf(text, point);
  if (digits === NOT_AN_AMOUNT) return REFUSED.pattern;
  const exponent = currencyExponent(currency);
  if (exponent === undefined) return REFUSED.currency;
  if (decimals > exponent) return REFUSED.decimals;
  if (digits === 0) return REFUSED.zero;
  return { ok: true, minor: BigInt(digits * (POWERS_OF_TEN[exponent - decimals] ?? 1)) };
}

/**
 * Reads a JSON number by its shortest decimal form, the one it was most likely typed as: 0.1 is one tenth, although
 * no double is. What has no such form within the pattern (1e21, -5, NaN, 0.1 + 0.2) is `pattern`.
 */
export function parseAmountNumber(value: number, currency: Currency): ParsedAmount {
  return parseAmount(String(value), currency);
}

/** Always with all decimals of the currency: "100.00" EUR, "100" JPY, "-1.000" KWD. Throws for an unknown currency. */
export function formatAmount(minor: bigint, currency: Currency): string {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) throw invariantViolated(`An amount is held in an unknown currency: ${currency}.`);
  if (exponent === 0) return minor.toString();
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  const point = digits.length - exponent;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The digits of the text as one integer, the point left out, or NOT_AN_AMOUNT. The lengths were checked already. */
function digitsOf(text: string, point: number): number {
  const length = text.length;
  const integerDigits = point < 0 ? length : point;
  if (integerDigits === 0 || point === length - 1) return NOT_AN_AMOUNT;
  if (integerDigits > 1 && text.charCodeAt(0) === ZERO) return NOT_AN_AMOUNT;
  let digits = 0;
  for (let i = 0; i < length; i++) {
    const char = text.charCodeAt(i);
    if (char >= ZERO && char <= NINE) digits = digits * 10 + (char - ZERO);
    else if (char !== POINT || i !== point) return NOT_AN_AMOUNT;
  }
  return digits;
}
