import { OWN_IBAN_PATTERN, systemAccountName } from './account.js';

const OWN_IBAN = new RegExp(OWN_IBAN_PATTERN, 'u');

describe('the IBAN of an own account', () => {
  it.each(['FR10474608000002006107XXXXX', 'fr10 4746 0800 0002 0061 07xx xxx', 'A'.repeat(15), '1'.repeat(34)])(
    'may be %p: neither country nor check digits are asked for',
    (iban) => {
      expect(OWN_IBAN.test(iban)).toBe(true);
    },
  );

  it.each([
    '',
    'A'.repeat(14),
    'A'.repeat(35),
    'FR10-4746-0800-0002-0061',
    'FR10\t474608000002006107',
    `${'A'.repeat(15)}é`,
  ])('may not be %p', (iban) => {
    expect(OWN_IBAN.test(iban)).toBe(false);
  });

  it('is decided in linear time', () => {
    // 42 characters is all the schema lets through; a pattern that backtracks would not come back from these.
    expect(OWN_IBAN.test(`${'A '.repeat(20)}A!`)).toBe(false);
    expect(OWN_IBAN.test(`${'A '.repeat(50_000)}!`)).toBe(false);
  });
});

describe('a system account', () => {
  it('is called what tells it from the others of its organization', () => {
    const organizationId = '01a1fd74-a0e3-73c6-b2c9-808cc1d7914b';
    expect(systemAccountName({ organizationId, kind: 'clearing', rail: 'sandbox', currency: 'EUR' })).toBe(
      'clearing sandbox EUR',
    );
    expect(systemAccountName({ organizationId, kind: 'bank', currency: 'JPY' })).toBe('bank JPY');
  });
});
