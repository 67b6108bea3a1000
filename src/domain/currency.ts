/** An ISO 4217 alphabetic code, such as `EUR`; only codes for which `isCurrency` holds can carry money here. */
export type Currency = string;

/*
 * ISO 4217 List One as of amendment 180 (1 January 2026): every currency a country or a monetary union pays with.
 * Left out on purpose:
 * - CLF and UYW: four decimals, which an amount on the wire (at most three) cannot carry without losing money;
 * - the other indexed units and fund codes (BOV CHE CHW COU MXV USN UYI): units of account, no bank settles in them;
 * - supranational units (XAD XDR XSU XUA), bond market units, metals, XTS (testing) and XXX (no currency);
 * - what List Three has withdrawn, lately ANG (now XCG), BGN and HRK (now EUR), CUC, SLL (now SLE), ZWL (now ZWG).
 */
const WITHOUT_DECIMALS = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF';

const TWO_DECIMALS = `
  AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE
  CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
  KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
  PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
  TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`;

const THREE_DECIMALS = 'BHD IQD JOD KWD LYD OMR TND';

const codesIn = (list: string): string[] => list.trim().split(/\s+/);

const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...codesIn(WITHOUT_DECIMALS).map((code): [string, number] => [code, 0]),
  ...codesIn(TWO_DECIMALS).map((code): [string, number] => [code, 2]),
  ...codesIn(THREE_DECIMALS).map((code): [string, number] => [code, 3]),
]);

/** All codes, in alphabetical order. */
export const CURRENCIES: readonly Currency[] = [...EXPONENTS.keys()].sort();

/** How many decimals the currency has (its ISO 4217 minor unit); undefined when we do not carry that currency. */
export function currencyExponent(code: string): number | undefined {
  return EXPONENTS.get(code);
}

export function isCurrency(code: string): code is Currency {
  return EXPONENTS.has(code);
}
