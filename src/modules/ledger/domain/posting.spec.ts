import { balanceChangesOf } from './posting.js';

describe('what a posting does to balances', () => {
  const entry = { kind: 'settlement' as const, debitAccountId: 'debtor', creditAccountId: 'clearing', currency: 'EUR' };

  it('takes from the debited account what it gives to the credited one', () => {
    expect([...balanceChangesOf({ entries: [{ ...entry, amountMinor: 7n }] })]).toEqual([
      { accountId: 'debtor', postedMinor: -7n, reservedMinor: 0n },
      { accountId: 'clearing', postedMinor: 7n, reservedMinor: 0n },
    ]);
  });

  it('lets reservations follow, with or without entries', () => {
    const reservedChanges = [{ accountId: 'debtor', reservedMinor: -9n }];
    expect([...balanceChangesOf({ entries: [], reservedChanges })]).toEqual([
      { accountId: 'debtor', postedMinor: 0n, reservedMinor: -9n },
    ]);
    expect([...balanceChangesOf({ entries: [{ ...entry, amountMinor: 7n }], reservedChanges })]).toHaveLength(3);
  });
});
