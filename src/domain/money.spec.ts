import fc from 'fast-check';
import { CURRENCIES, currencyExponent } from './currency.js';
import { DomainError } from './errors.js';
import { AMOUNT_PATTERN, formatAmount, MAX_TOTAL_MINOR, parseAmount, parseAmountNumber } from './money.js';

const pattern = new RegExp(AMOUNT_PATTERN, 'u');
const anyCurrency = fc.constantFrom(...CURRENCIES);
/** Every amount the wire can carry in a currency. */
const anyMoney = anyCurrency.chain((currency) =>
  fc.record({
    currency: fc.constant(currency),
    minor: fc.bigInt({ min: 1n, max: 10n ** BigInt(12 + (currencyExponent(currency) ?? 0)) - 1n }),
  }),
);
/** Amounts, near misses and noise. */
const anyText = fc.oneof(
  fc.stringMatching(pattern),
  fc.string({ unit: fc.constantFrom(...'0123456789..-+e, \n٣'), maxLength: 18 }),
  fc.string(),
);

describe('parseAmount', () => {
  it.each([
    ['100.00', 'EUR', 10000n],
    ['100', 'EUR', 10000n],
    ['0.1', 'EUR', 10n],
    ['0.01', 'EUR', 1n],
    ['100', 'JPY', 100n],
    ['1.5', 'KWD', 1500n],
    ['0.001', 'KWD', 1n],
    ['999999999999.99', 'EUR', 99999999999999n],
    ['999999999999.999', 'KWD', 999999999999999n],
  ])('reads %s %s into minor units', (text, currency, minor) => {
    expect(parseAmount(text, currency)).toEqual({ ok: true, minor });
  });

  it.each([
    ...[
      '',
      '.',
      '1.',
      '.5',
      '01',
      '00',
      '-1',
      '+1',
      ' 1',
      '1 ',
      '1\n',
      '1e3',
      '1E3',
      '0x10',
      '1,00',
      '1.000,00',
      '1_000',
    ],
    ...['1.2.3', '1..2', '1.2345', '1000000000000', '١٢', '１２', 'NaN', 'Infinity', '1.0e1', '1\u0000', '½'],
  ])('refuses %j as no amount', (text) => {
    expect(parseAmount(text, 'EUR')).toEqual({ ok: false, code: 'pattern' });
  });

  it('refuses a text far too long for an amount', () => {
    expect(parseAmount('9'.repeat(100_000), 'EUR')).toEqual({ ok: false, code: 'pattern' });
    expect(parseAmount(`0.${'0'.repeat(100_000)}`, 'EUR')).toEqual({ ok: false, code: 'pattern' });
  });

  it.each([
    ['0.001', 'EUR', 'too_many_decimals'],
    ['1.500', 'EUR', 'too_many_decimals'],
    ['1.5', 'JPY', 'too_many_decimals'],
    ['1.0', 'JPY', 'too_many_decimals'],
    ['0', 'EUR', 'zero_amount'],
    ['0.00', 'EUR', 'zero_amount'],
    ['0.000', 'KWD', 'zero_amount'],
    ['1.00', 'eur', 'unknown_currency'],
    ['1.00', 'XXX', 'unknown_currency'],
    ['1.00', '', 'unknown_currency'],
  ])('refuses %s %s as %s', (text, currency, code) => {
    expect(parseAmount(text, currency)).toEqual({ ok: false, code });
  });

  it('reports what breaks the schema before what breaks a rule', () => {
    expect(parseAmount('-0.001', 'XXX')).toEqual({ ok: false, code: 'pattern' });
    expect(parseAmount('0.001', 'XXX')).toEqual({ ok: false, code: 'unknown_currency' });
    expect(parseAmount('0.000', 'EUR')).toEqual({ ok: false, code: 'too_many_decimals' });
  });

  it('says `pattern` exactly when the published pattern does', () => {
    fc.assert(
      fc.property(anyText, anyCurrency, (text, currency) => {
        const parsed = parseAmount(text, currency);
        expect(!parsed.ok && parsed.code === 'pattern').toBe(!pattern.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with decimal arithmetic on whole digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(pattern), anyCurrency, (text, currency) => {
        const [integer = '', decimals = ''] = text.split('.');
        const exponent = currencyExponent(currency) ?? 0;
        const minor = BigInt(integer + decimals.padEnd(exponent, '0'));
        const parsed = parseAmount(text, currency);
        if (parsed.ok) expect(parsed.minor).toBe(minor);
        else expect(parsed.code).toBe(decimals.length > exponent ? 'too_many_decimals' : 'zero_amount');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('formatAmount', () => {
  it.each([
    [10000n, 'EUR', '100.00'],
    [1n, 'EUR', '0.01'],
    [0n, 'EUR', '0.00'],
    [100n, 'JPY', '100'],
    [0n, 'JPY', '0'],
    [1000n, 'KWD', '1.000'],
    [-1n, 'EUR', '-0.01'],
    [-12345n, 'EUR', '-123.45'],
    [-7n, 'JPY', '-7'],
    [MAX_TOTAL_MINOR, 'EUR', '92233720368547758.07'],
  ])('writes %s minor units of %s as %s', (minor, currency, text) => {
    expect(formatAmount(minor, currency)).toBe(text);
  });

  it('refuses to guess the decimals of an unknown currency', () => {
    expect(() => formatAmount(1n, 'XXX')).toThrow(DomainError);
  });

  it('is read back as the same money by parseAmount', () => {
    fc.assert(
      fc.property(anyMoney, ({ minor, currency }) => {
        expect(parseAmount(formatAmount(minor, currency), currency)).toEqual({ ok: true, minor });
      }),
      { numRuns: 1000 },
    );
  });

  it('always carries all decimals of the currency, and a minus sign only below zero', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -MAX_TOTAL_MINOR, max: MAX_TOTAL_MINOR }), anyCurrency, (minor, currency) => {
        const [integer = '', decimals = ''] = formatAmount(minor, currency).split('.');
        expect(decimals).toHaveLength(currencyExponent(currency) ?? 0);
        expect(integer).toMatch(/^-?(0|[1-9][0-9]*)$/);
        expect(integer.startsWith('-')).toBe(minor < 0n);
        expect(BigInt(integer + decimals)).toBe(minor);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseAmountNumber', () => {
  it.each([
    [100, 'EUR', 10000n],
    [0.1, 'EUR', 10n],
    [1.1, 'EUR', 110n],
    [4.35, 'EUR', 435n],
    [1.005, 'KWD', 1005n],
    [999999999999.99, 'EUR', 99999999999999n],
  ])('reads %s %s by its shortest decimal form', (value, currency, minor) => {
    expect(parseAmountNumber(value, currency)).toEqual({ ok: true, minor });
  });

  it.each([-1, -0.01, 1e21, 1e-7, 1e12, 0.1 + 0.2, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER])(
    'refuses %s, which has no decimal form within the pattern',
    (value) => {
      expect(parseAmountNumber(value, 'EUR')).toEqual({ ok: false, code: 'pattern' });
    },
  );

  it.each([
    [0, 'EUR', 'zero_amount'],
    [-0, 'EUR', 'zero_amount'],
    [0.001, 'EUR', 'too_many_decimals'],
    [1.5, 'JPY', 'too_many_decimals'],
    [1, 'eur', 'unknown_currency'],
  ])('refuses %s %s as %s', (value, currency, code) => {
    expect(parseAmountNumber(value, currency)).toEqual({ ok: false, code });
  });

  it('reads a number as the text of the same digits', () => {
    fc.assert(
      fc.property(anyMoney, ({ minor, currency }) => {
        const text = formatAmount(minor, currency);
        expect(parseAmountNumber(Number(text), currency)).toEqual({ ok: true, minor });
      }),
      { numRuns: 1000 },
    );
  });
});
