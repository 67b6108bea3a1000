import { CURRENCIES, currencyExponent, isCurrency } from './currency.js';

const ofExponent = (exponent: number): string =>
  CURRENCIES.filter((code) => currencyExponent(code) === exponent).join(' ');

describe('currencies', () => {
  it('have no decimals in exactly the currencies ISO 4217 gives none', () => {
    expect(ofExponent(0)).toBe('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF');
  });

  it('have three decimals in exactly the currencies ISO 4217 gives three', () => {
    expect(ofExponent(3)).toBe('BHD IQD JOD KWD LYD OMR TND');
  });

  it('have two decimals in all others', () => {
    expect(ofExponent(2).split(' ')).toHaveLength(CURRENCIES.length - 16 - 7);
    expect(['EUR', 'USD', 'GBP', 'CHF', 'HUF', 'IDR', 'MGA', 'MRU', 'VED', 'XCG', 'ZWG'].map(currencyExponent)).toEqual(
      new Array(11).fill(2),
    );
  });

  it('are all 155 national ones of amendment 180, each once and in upper case', () => {
    expect(CURRENCIES).toHaveLength(155);
    expect(new Set(CURRENCIES).size).toBe(155);
    expect(CURRENCIES.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([]);
  });

  it.each([
    ['four decimals do not fit an amount on the wire', 'CLF UYW'],
    ['units of account are not paid with', 'BOV CHE CHW COU MXV USN UYI'],
    ['supranational units are not paid with', 'XAD XDR XSU XUA XBA XBB XBC XBD'],
    ['metals, tests and no currency at all', 'XAG XAU XPD XPT XTS XXX'],
    ['withdrawn', 'ANG BGN CUC HRK SLL ZWL DEM VEF'],
  ])('leave out codes because: %s', (_, codes) => {
    expect(codes.split(' ').filter(isCurrency)).toEqual([]);
  });

  it.each(['eur', 'Eur', 'EUR ', '', 'EU', 'EURO', '__proto__', 'constructor', 'ＥＵＲ'])(
    'are known by their exact code only: %j is none',
    (text) => {
      expect(isCurrency(text)).toBe(false);
      expect(currencyExponent(text)).toBeUndefined();
    },
  );
});
