import { paymentMessage } from './bank-message.js';
import type { RailPayment } from './rail.js';

const payment: RailPayment = {
  reference: '0198f2c17f3a7c318b0e1d2f3a4b5c6e',
  amountMinor: 123_450n,
  currency: 'EUR',
  attempt: 1,
  debtor: { iban: 'FR1047460800000200610712345', bic: 'OIVUSCLQXXX' },
  creditor: { name: 'Jürgen "J" Özil', iban: 'DE89370400440532013000', bic: null },
  remittance: 'Salary',
  reverses: null,
};

describe('the body of a payment', () => {
  it('has the fields of the contract and no others', () => {
    expect(JSON.parse(paymentMessage(payment))).toEqual({
      reference: payment.reference,
      amount: '1234.50',
      currency: 'EUR',
      debtor: { iban: 'FR1047460800000200610712345', bic: 'OIVUSCLQXXX' },
      creditor: { name: 'Jürgen "J" Özil', iban: 'DE89370400440532013000', bic: null },
      remittance: 'Salary',
    });
  });

  it('names what it takes back', () => {
    expect(JSON.parse(paymentMessage({ ...payment, reverses: 'abc' }))).toMatchObject({ reverses: 'abc' });
  });

  it.each([
    ['JPY', 100n, '100'],
    ['KWD', 1_001n, '1.001'],
    ['EUR', 99_999_999_999_999n, '999999999999.99'],
  ])('has as many decimals as %s', (currency, amountMinor, amount) => {
    expect(JSON.parse(paymentMessage({ ...payment, currency, amountMinor }))).toMatchObject({ amount });
  });
});
