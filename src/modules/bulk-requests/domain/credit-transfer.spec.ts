import fc from 'fast-check';
import { checkCreditTransfers, type CreditTransferInput } from './credit-transfer.js';

const DEBTOR = { currency: 'EUR', iban: 'FR10474608000002006107XXXXX' };
const GOOD: CreditTransferInput = {
  amount: '100.00',
  currency: 'EUR',
  counterparty_name: 'John Doe',
  counterparty_iban: 'DE89370400440532013000',
};

const check = (...lines: Partial<CreditTransferInput>[]) =>
  checkCreditTransfers(
    lines.map((line) => ({ ...GOOD, ...line })),
    DEBTOR,
  );
/** What is wrong with a line, as `field: code`. */
const wrongWith = (line: Partial<CreditTransferInput>): string[] =>
  check(line).errors.map(({ pointer, code }) => `${pointer.replace('/credit_transfers/0/', '')}: ${code}`);

describe('a line that keeps every rule', () => {
  it('is taken on in minor units, normalized, with what was left out as null', () => {
    const { accepted, rejectedCount } = check({
      counterparty_name: 'Zoe\u0308',
      counterparty_iban: 'de89 3704 0044 0532 0130 00',
    });
    expect(rejectedCount).toBe(0);
    expect(accepted).toEqual([
      {
        line: 0,
        amountMinor: 10_000n,
        counterpartyName: 'Zo\u00eb',
        counterpartyIban: 'DE89370400440532013000',
        counterpartyBic: null,
        description: null,
        purposeCode: null,
        clientTransferId: null,
      },
    ]);
  });

  it('is in the currency of the account when it names none', () => {
    expect(wrongWith({ currency: undefined })).toEqual([]);
    expect(wrongWith({ currency: undefined, amount: '0.001' })).toEqual(['amount: too_many_decimals']);
  });

  it('keeps an empty description, which is not the same as none', () => {
    expect(check({ description: '' }).accepted[0]?.description).toBe('');
  });
});

describe('a line against a rule', () => {
  it.each<[Partial<CreditTransferInput>, string]>([
    [{ amount: '0.00' }, 'amount: zero_amount'],
    [{ amount: '0.001' }, 'amount: too_many_decimals'],
    [{ amount: '1e3' }, 'amount: pattern'],
    [{ currency: 'USD' }, 'currency: currency_mismatch'],
    [{ counterparty_iban: 'DE88370400440532013000' }, 'counterparty_iban: iban_checksum'],
    [{ counterparty_iban: 'DE8937040044053201300' }, 'counterparty_iban: iban_length'],
    [{ counterparty_iban: 'ZZ89370400440532013000' }, 'counterparty_iban: iban_country'],
  ])('%j is told by its field and code', (line, expected) => {
    expect(wrongWith(line)).toEqual([expected]);
  });

  it('has all its errors told at once', () => {
    expect(wrongWith({ amount: '0.00', currency: 'XXX', counterparty_iban: 'DE00370400440532013000' })).toEqual([
      'currency: unknown_currency',
      'amount: zero_amount',
      'counterparty_iban: iban_checksum',
    ]);
  });

  it('takes decimals by its currency: the yen has none', () => {
    const yen = { currency: 'JPY', iban: null };
    const { errors, accepted } = checkCreditTransfers(
      [
        { ...GOOD, currency: 'JPY', amount: '1.5' },
        { ...GOOD, currency: 'JPY', amount: '15' },
      ],
      yen,
    );
    expect(errors).toMatchObject([{ pointer: '/credit_transfers/0/amount', code: 'too_many_decimals' }]);
    expect(accepted).toMatchObject([{ line: 1, amountMinor: 15n }]);
  });

  it('may not pay the account the money comes from', () => {
    const own = { currency: 'EUR', iban: GOOD.counterparty_iban };
    expect(checkCreditTransfers([GOOD], own).errors).toMatchObject([{ code: 'same_account' }]);
  });

  it('may not repeat a client_transfer_id, however it was typed; the first one keeps it', () => {
    const { errors, accepted } = check(
      { client_transfer_id: 'e\u0301-1' },
      { client_transfer_id: 'e-1' },
      { client_transfer_id: '\u00e9-1' },
    );
    expect(errors).toMatchObject([
      { pointer: '/credit_transfers/2/client_transfer_id', code: 'duplicate_client_transfer_id' },
    ]);
    expect(accepted.map(({ line }) => line)).toEqual([0, 1]);
  });

  it('is never quoted: an error carries no IBAN', () => {
    const { errors } = check({ counterparty_iban: 'DE88370400440532013000', amount: '0.00' });
    expect(JSON.stringify(errors)).not.toContain('3704');
  });

  it('is pointed at the way the request was written', () => {
    const { errors } = checkCreditTransfers([{ ...GOOD, amount: '0' }], DEBTOR, () => '');
    expect(errors).toMatchObject([{ pointer: '/amount' }]);
  });
});

describe('many bad lines', () => {
  it('are counted in full and listed up to a hundred, lines and errors alike', () => {
    const bad = { amount: '0', currency: 'USD' };
    const result = check(...Array.from({ length: 150 }, () => bad));
    expect(result).toMatchObject({ accepted: [], rejectedCount: 150, errorCount: 300 });
    expect(result.rejected).toHaveLength(100);
    expect(result.errors).toHaveLength(100);
  });

  it('leave the good ones in their places', () => {
    const amounts = fc.array(fc.constantFrom('1.00', '0.00'), { maxLength: 60 });
    fc.assert(
      fc.property(amounts, (given) => {
        const { accepted, rejected, rejectedCount } = check(...given.map((amount) => ({ amount })));
        const positions = (amount: string) => given.flatMap((one, line) => (one === amount ? [line] : []));
        expect(accepted.map(({ line }) => line)).toEqual(positions('1.00'));
        expect(rejected.map(({ line }) => line)).toEqual(positions('0.00'));
        expect(accepted.length + rejectedCount).toBe(given.length);
      }),
    );
  });
});
