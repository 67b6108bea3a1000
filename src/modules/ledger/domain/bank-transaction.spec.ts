import { bankEntryOf, failureReasonOf } from './bank-transaction.js';

describe('a bank transaction', () => {
  it('fails as a debit of more than is available, to the last minor unit', () => {
    expect(failureReasonOf({ direction: 'debit', amountMinor: 100n }, 100n)).toBeNull();
    expect(failureReasonOf({ direction: 'debit', amountMinor: 101n }, 100n)).toBe('Insufficient funds');
  });

  it('never fails as a credit', () => {
    expect(failureReasonOf({ direction: 'credit', amountMinor: 101n }, -500n)).toBeNull();
  });

  it('credits the account from the bank, and debits it to the bank', () => {
    const movement = { accountId: 'customer', amountMinor: 5n, currency: 'EUR' };
    expect(bankEntryOf({ ...movement, direction: 'credit' }, 'bank')).toMatchObject({
      kind: 'bank_credit',
      debitAccountId: 'bank',
      creditAccountId: 'customer',
      amountMinor: 5n,
    });
    expect(bankEntryOf({ ...movement, direction: 'debit' }, 'bank')).toMatchObject({
      kind: 'bank_debit',
      debitAccountId: 'customer',
      creditAccountId: 'bank',
      amountMinor: 5n,
    });
  });
});
