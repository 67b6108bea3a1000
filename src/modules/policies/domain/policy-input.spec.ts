import { checkLimits, checkThresholds, type LimitInput } from './policy-input.js';

const ACCOUNT = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
const limit = (change: Partial<LimitInput> = {}): LimitInput => ({
  account_id: null,
  currency: 'EUR',
  per: 'day',
  max_amount: '10.00',
  max_count: null,
  ...change,
});
const told = (errors: readonly { pointer: string; code: string }[]): string[] =>
  errors.map(({ pointer, code }) => `${pointer} ${code}`);

describe('thresholds', () => {
  it('are amounts of a currency, zero included', () => {
    const { value, errors } = checkThresholds([
      { currency: 'EUR', amount: '0.00' },
      { currency: 'JPY', amount: '5000' },
    ]);
    expect(errors).toEqual([]);
    expect(value).toEqual([
      { currency: 'EUR', amountMinor: 0n },
      { currency: 'JPY', amountMinor: 5_000n },
    ]);
  });

  it('are refused where they are wrong, all at once', () => {
    const { errors } = checkThresholds([
      { currency: 'EUR', amount: '1.00' },
      { currency: 'EUR', amount: '2.00' },
      { currency: 'JPY', amount: '1.5' },
      { currency: 'XXX', amount: '1' },
    ]);
    expect(told(errors)).toEqual([
      '/approval/amount_over/1/currency duplicate',
      '/approval/amount_over/2/amount too_many_decimals',
      '/approval/amount_over/3/currency unknown_currency',
    ]);
  });
});

describe('limits', () => {
  const check = (...sent: LimitInput[]) => checkLimits(sent, (id) => (id === ACCOUNT ? 'EUR' : null));

  it('are of the organization or of one of its accounts', () => {
    const { value, errors } = check(
      limit(),
      limit({ account_id: ACCOUNT.toUpperCase(), max_amount: null, max_count: 3 }),
    );
    expect(errors).toEqual([]);
    expect(value).toEqual([
      { accountId: null, currency: 'EUR', per: 'day', maxMinor: 1_000n, maxCount: null },
      { accountId: ACCOUNT, currency: 'EUR', per: 'day', maxMinor: null, maxCount: 3 },
    ]);
  });

  it('are refused where they are wrong, all at once', () => {
    const { errors } = check(
      limit(),
      limit({ max_amount: '1.001' }),
      limit({ per: 'bulk', max_amount: null }),
      limit({ account_id: '0198f2c1-7f3a-7c31-8b0e-000000000000' }),
      limit({ account_id: ACCOUNT, currency: 'USD' }),
    );
    expect(told(errors)).toEqual([
      '/limits/1 duplicate',
      '/limits/1/max_amount too_many_decimals',
      '/limits/2 required',
      '/limits/3/account_id unknown_account',
      '/limits/4/currency currency_mismatch',
    ]);
  });
});
