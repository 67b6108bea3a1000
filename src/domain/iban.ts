import { BBAN_STRUCTURES } from './iban-registry.js';

export type IbanErrorCode = 'iban_country' | 'iban_length' | 'iban_checksum' | 'iban_structure';

/** `iban` is the electronic form: upper case, no spaces. */
export type ValidatedIban = { readonly ok: true; readonly iban: string } | IbanRefusal;

type IbanRefusal = { readonly ok: false; readonly code: IbanErrorCode };

const refusal = (code: IbanErrorCode): IbanRefusal => Object.freeze({ ok: false, code });

const REFUSED = {
  country: refusal('iban_country'),
  length: refusal('iban_length'),
  checksum: refusal('iban_checksum'),
  structure: refusal('iban_structure'),
};

/** The electronic form. Only ASCII changes: `toUpperCase` alone would make an I of a dotless i, and accept it. */
export function normalizeIban(text: string): string {
  const compact = text.includes(' ') ? text.replace(/ /g, '') : text;
  if (/^[!-~]*$/.test(compact)) return compact.toUpperCase();
  return compact.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/**
 * ISO 13616-1 and the registry: country, then length, then check digits, then what stands where. A character that no
 * IBAN has makes the check digits wrong. National check digits inside the BBAN are left to the bank that owns them.
 */
export function validateIban(text: string): ValidatedIban {
  const iban = normalizeIban(text);
  const layout = LAYOUTS.get(iban.slice(0, COUNTRY_LENGTH));
  if (layout === undefined) return REFUSED.country;
  if (iban.length !== layout.length) return REFUSED.length;
  if (!hasRightCheckDigits(iban)) return REFUSED.checksum;
  return hasLayout(iban, layout) ? { ok: true, iban } : REFUSED.structure;
}

/** Whether somebody's IBAN stands anywhere in a text, in whatever case, in groups or not. */
export function containsIban(text: string): boolean {
  const dense = normalizeIban(text);
  for (const { index, 1: country = '' } of dense.matchAll(COUNTRY_AND_CHECK_DIGITS)) {
    const length = LAYOUTS.get(country)?.length;
    if (length !== undefined && validateIban(dense.slice(index, index + length)).ok) return true;
  }
  return false;
}

/** For people who may know that there is an IBAN, but not which: `DE89••••3000`. What is no IBAN shows nothing. */
export function maskIban(iban: string): string {
  if (iban.length < SHORTEST_IBAN) return MASK;
  return `${iban.slice(0, SHOWN)}${MASK}${iban.slice(-SHOWN)}`;
}

const MASK = '••••';
const SHOWN = 4;
const SHORTEST_IBAN = 15;

/** Looks ahead only: the next may begin within this one. */
const COUNTRY_AND_CHECK_DIGITS = /(?=([A-Z]{2})[0-9]{2})/g;

const COUNTRY_LENGTH = 2;
const BBAN_START = 4;
const FIRST_LETTER = 10;

/** The value of a character in ISO 7064 terms: 0-9, then A = 10 to Z = 35; undefined for any other. */
const VALUES: readonly (number | undefined)[] = (() => {
  const values = new Array<number | undefined>(128).fill(undefined);
  [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'].forEach((char, value) => (values[char.charCodeAt(0)] = value));
  return values;
})();

/** ISO 7064 MOD 97-10 over the IBAN with its first four characters moved to the end. */
function hasRightCheckDigits(iban: string): boolean {
  const tens = VALUES[iban.charCodeAt(2)];
  const ones = VALUES[iban.charCodeAt(3)];
  if (tens === undefined || ones === undefined || tens >= FIRST_LETTER || ones >= FIRST_LETTER) return false;
  const checkDigits = tens * 10 + ones;
  // 00, 01 and 99 leave the same remainder as 97, 98 and 02, but the standard never makes them.
  if (checkDigits < 2 || checkDigits > 98) return false;
  let remainder = 0;
  for (let i = BBAN_START; i < iban.length + BBAN_START; i++) {
    const value = VALUES[iban.charCodeAt(i < iban.length ? i : i - iban.length)];
    if (value === undefined) return false;
    remainder = (remainder * (value < FIRST_LETTER ? 10 : 100) + value) % 97;
  }
  return remainder === 1;
}

/** What may stand at each position of an IBAN: the structure of its country, spelled out once. */
interface Layout {
  readonly length: number;
  readonly kinds: string;
}

const LAYOUTS: ReadonlyMap<string, Layout> = new Map(
  Object.entries(BBAN_STRUCTURES).map(([country, structure]) => {
    const bban = structure.replace(/(\d+)!([nac])/g, (_, count: string, kind: string) => kind.repeat(Number(count)));
    return [country, { length: BBAN_START + bban.length, kinds: 'aann' + bban }];
  }),
);

/** Expects letters and digits only, which the check digits have made sure of. */
function hasLayout(iban: string, { kinds }: Layout): boolean {
  for (let i = BBAN_START; i < kinds.length; i++) {
    const kind = kinds[i];
    if (kind === 'c') continue;
    if (isDigit(iban.charCodeAt(i)) !== (kind === 'n')) return false;
  }
  return true;
}

const isDigit = (char: number): boolean => char <= 57;
