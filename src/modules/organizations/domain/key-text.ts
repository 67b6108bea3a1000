/** Fills a buffer from a cryptographically secure source. */
export type FillRandom = (bytes: Uint8Array) => void;

/** A whole key, `trk_<public id>_<secret>`. It exists only to be shown once; what is kept is its hash. */
export interface KeyText {
  readonly publicId: string;
  readonly text: string;
}

const PUBLIC_ID_LENGTH = 16;
/** 43 of 62 characters are 256 bits: nothing is gained by guessing, so a fast keyed hash is enough to keep it. */
const SECRET_LENGTH = 43;

const DIGITS = '0123456789';
const LOWER_CASE = 'abcdefghijklmnopqrstuvwxyz';
const PUBLIC_ID_ALPHABET = LOWER_CASE + DIGITS;
const SECRET_ALPHABET = LOWER_CASE.toUpperCase() + LOWER_CASE + DIGITS;

const KEY_TEXT = new RegExp(`^trk_([a-z0-9]{${PUBLIC_ID_LENGTH}})_[A-Za-z0-9]{${SECRET_LENGTH}}$`);

const fromSystem: FillRandom = (bytes) => void globalThis.crypto.getRandomValues(bytes);

export function newKeyText(fillRandom: FillRandom = fromSystem): KeyText {
  const publicId = randomText(PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH, fillRandom);
  return { publicId, text: `trk_${publicId}_${randomText(SECRET_ALPHABET, SECRET_LENGTH, fillRandom)}` };
}

/** A secret to sign requests with, `trs_<secret>`: shown once, and kept sealed, because signatures are checked with it. */
export function newSigningSecret(fillRandom: FillRandom = fromSystem): string {
  return `trs_${randomText(SECRET_ALPHABET, SECRET_LENGTH, fillRandom)}`;
}

/** The public id in a key, or null when the text is no key of ours. */
export function publicIdOf(text: string): string | null {
  return KEY_TEXT.exec(text)?.[1] ?? null;
}

/** Bytes beyond the last whole multiple of the alphabet are thrown away: they would favour its first characters. */
function randomText(alphabet: string, length: number, fillRandom: FillRandom): string {
  const limit = 256 - (256 % alphabet.length);
  const bytes = new Uint8Array(length);
  let text = '';
  while (text.length < length) {
    fillRandom(bytes);
    for (const byte of bytes) {
      if (byte < limit && text.length < length) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}
