import fc from 'fast-check';
import { type BalanceChange, mergeChanges } from './balance-change.js';

const change = (accountId: string, postedMinor: bigint, reservedMinor = 0n): BalanceChange => ({
  accountId,
  postedMinor,
  reservedMinor,
});

describe('changes of balances', () => {
  it('become one per account, however many there were', () => {
    expect(mergeChanges([change('a', -5n), change('b', 5n), change('a', -7n, -12n), change('b', 7n)])).toEqual([
      change('a', -12n, -12n),
      change('b', 12n),
    ]);
  });

  it('that cancel each other out change nothing', () => {
    expect(mergeChanges([change('a', 5n, 1n), change('a', -5n, -1n)])).toEqual([]);
  });

  it('keep every account that only its reservation changes', () => {
    expect(mergeChanges([change('a', 5n, -3n), change('a', -5n)])).toEqual([change('a', 0n, -3n)]);
  });

  it('lose nothing: each account ends with the sum of its changes', () => {
    const amounts = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    const changes = fc.array(
      fc.record({ accountId: fc.constantFrom('a', 'b', 'c'), postedMinor: amounts, reservedMinor: amounts }),
    );
    fc.assert(
      fc.property(changes, (given) => {
        const merged = mergeChanges(given);
        for (const accountId of ['a', 'b', 'c']) {
          const sum = (list: BalanceChange[], of: 'postedMinor' | 'reservedMinor') =>
            list.filter((one) => one.accountId === accountId).reduce((total, one) => total + one[of], 0n);
          expect(sum(merged, 'postedMinor')).toBe(sum(given, 'postedMinor'));
          expect(sum(merged, 'reservedMinor')).toBe(sum(given, 'reservedMinor'));
        }
        expect(new Set(merged.map((one) => one.accountId)).size).toBe(merged.length);
      }),
    );
  });
});
