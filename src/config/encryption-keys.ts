import { createSecretKey, type KeyObject } from 'node:crypto';

/** One key of `DATA_ENCRYPTION_KEYS`. A key object: printed or logged, it shows nothing. */
export interface EncryptionKey {
  /** For people only; what a key is known by follows from the key itself. */
  readonly name: string | undefined;
  readonly secret: KeyObject;
}

const KEY_BYTES = 32;
const NAME = /^[A-Za-z0-9._-]{1,32}$/;
const HEX = /^[0-9a-fA-F]{64}$/;
/** 32 bytes: 43 characters, and the one of padding that may be left out. */
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** Public, like all of this file: it protects nothing, and a process in production refuses it. */
const DEVELOPMENT_SECRET = Buffer.from('tranche development key, no key!');

export const developmentKey = (): EncryptionKey => ({
  name: 'development',
  secret: createSecretKey(DEVELOPMENT_SECRET),
});

export const isDevelopmentKey = ({ secret }: EncryptionKey): boolean => secret.export().equals(DEVELOPMENT_SECRET);

/**
 * Comma-separated keys, each `[name:]<32 bytes in base64, base64url or hex>`.
 *
 * @returns the keys, or what is wrong; that never quotes the text, because any part of it may be a key
 */
export function parseEncryptionKeys(text: string): readonly EncryptionKey[] | string {
  const keys: EncryptionKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const key = parseKey(entry.trim());
    if (typeof key === 'string') return `key ${index + 1} ${key}`;
    if (keys.some(({ secret }) => secret.equals(key.secret))) return `key ${index + 1} is there twice`;
    keys.push(key);
  }
  return keys;
}

function parseKey(entry: string): EncryptionKey | string {
  const colon = entry.lastIndexOf(':');
  const name = colon < 0 ? undefined : entry.slice(0, colon);
  if (name !== undefined && !NAME.test(name)) return 'has a name that is not 1 to 32 letters, digits, ".", "_" or "-"';
  const bytes = decode(entry.slice(colon + 1));
  if (bytes?.length !== KEY_BYTES) return 'is not 32 bytes in base64, base64url or hex: openssl rand -base64 32';
  if (bytes.every((byte) => byte === bytes[0])) return 'is one byte repeated: openssl rand -base64 32';
  return { name, secret: createSecretKey(bytes) };
}

function decode(text: string): Buffer | undefined {
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  // Node reads both alphabets of base64.
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}
