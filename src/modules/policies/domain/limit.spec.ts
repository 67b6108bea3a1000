import { exceededLimits, inLockOrder, type UsedLimit } from './limit.js';

const ACCOUNT = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
const limit = (change: Partial<UsedLimit>): UsedLimit => ({
  accountId: null,
  currency: 'EUR',
  per: 'day',
  maxMinor: null,
  maxCount: null,
  used: { amountMinor: 90_000n, count: 9 },
  ...change,
});

describe('a limit', () => {
  it('lets through what just reaches it', () => {
    const limits = [limit({ maxMinor: 100_000n, maxCount: 10 })];
    expect(exceededLimits(limits, { amountMinor: 10_000n, count: 1 })).toEqual([]);
  });

  it('names itself, what is allowed, used and requested, for each maximum that is passed', () => {
    const limits = [limit({ maxMinor: 100_000n, maxCount: 10 }), limit({ accountId: ACCOUNT, maxMinor: 200_000n })];
    expect(exceededLimits(limits, { amountMinor: 10_001n, count: 2 })).toEqual([
      {
        pointer: '',
        code: 'day_amount',
        detail:
          'Limit of the organization for a day (UTC): allowed EUR 1000.00, used EUR 900.00, requested EUR 100.01.',
      },
      {
        pointer: '',
        code: 'day_count',
        detail:
          'Limit of the organization for a day (UTC): allowed 10 transfers, used 9 transfers, requested 2 transfers.',
      },
    ]);
  });

  it('of one bulk knows of no other', () => {
    const limits = [limit({ per: 'bulk', accountId: ACCOUNT, maxMinor: 50_000n, used: { amountMinor: 0n, count: 0 } })];
    expect(exceededLimits(limits, { amountMinor: 50_000n, count: 1 })).toEqual([]);
    expect(exceededLimits(limits, { amountMinor: 50_001n, count: 1 })).toEqual([
      {
        pointer: '',
        code: 'bulk_amount',
        detail: `Limit of account ${ACCOUNT} for a bulk request: allowed EUR 500.00, requested EUR 500.01.`,
      },
    ]);
  });

  it('of zero lets nothing through', () => {
    const limits = [limit({ maxCount: 0, used: { amountMinor: 0n, count: 0 } })];
    expect(exceededLimits(limits, { amountMinor: 1n, count: 1 })).toHaveLength(1);
  });
});

it('counters are locked in one order, and limits of a bulk have none', () => {
  const limits = [limit({ accountId: ACCOUNT }), limit({ per: 'bulk' }), limit({ accountId: null })];
  expect(inLockOrder(limits).map(({ accountId }) => accountId)).toEqual([null, ACCOUNT]);
});
