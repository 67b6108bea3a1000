import { accountEvent, balanceEvent } from './account-event.js';

describe('an event about an account', () => {
  it('has its id, its currency and its status, and neither name nor IBAN', () => {
    const account = { id: 'a', currency: 'EUR', status: 'frozen', name: 'Jane Doe', iban: 'BE68539007547034' } as const;
    expect(accountEvent(account)).toEqual({ account_id: 'a', currency: 'EUR', status: 'frozen' });
  });

  it.each([
    ['EUR', 123_456n, 3_456n, '1234.56', '34.56', '1200.00'],
    ['JPY', 1_000n, 1n, '1000', '1', '999'],
    ['EUR', 0n, 1n, '0.00', '0.01', '-0.01'],
    ['EUR', 9_007_199_254_740_993n, 0n, '90071992547409.93', '0.00', '90071992547409.93'],
  ])('has balances in %s exactly: %s less %s', (currency, postedMinor, reservedMinor, posted, reserved, available) => {
    const after = { id: 'a', organizationId: 'o', currency, postedMinor, reservedMinor };
    expect(balanceEvent(after)).toEqual({ account_id: 'a', currency, posted, reserved, available });
  });
});
