import type { DomainError } from '../../../domain/errors.js';
import { type AmountInput, amountMinorOf } from './amount-input.js';

function refusalOf(amount: AmountInput, currency: string): DomainError | undefined {
  try {
    amountMinorOf(amount, currency);
    return undefined;
  } catch (error) {
    return error as DomainError;
  }
}

describe('an amount that may be a string or a number', () => {
  it.each<[AmountInput, string, bigint]>([
    ['12.30', 'EUR', 1230n],
    [12.3, 'EUR', 1230n],
    [0.1, 'EUR', 10n],
    [1.005, 'KWD', 1005n],
    [999999999999, 'JPY', 999999999999n],
  ])('reads %p %s exactly', (amount, currency, minor) => {
    expect(amountMinorOf(amount, currency)).toBe(minor);
  });

  it.each<AmountInput>(['1e3', '1,00', '-1', -1, 1e21, 0.1 + 0.2])('is not an amount as %p', (amount) => {
    expect(refusalOf(amount, 'EUR')).toMatchObject({
      kind: 'invalid',
      code: 'invalid_request',
      details: { errors: [{ pointer: '/amount', code: 'pattern' }] },
    });
  });

  it.each<[string, AmountInput, string]>([
    ['zero_amount', '0.00', 'EUR'],
    ['zero_amount', 0, 'EUR'],
    ['too_many_decimals', '0.001', 'EUR'],
    ['too_many_decimals', 1.5, 'JPY'],
  ])('breaks the rule %s as %p %s', (code, amount, currency) => {
    expect(refusalOf(amount, currency)).toMatchObject({
      kind: 'rule',
      code: 'validation_failed',
      details: { errors: [{ pointer: '/amount', code }] },
    });
  });
});
