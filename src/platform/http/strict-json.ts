import { DomainError } from '../../domain/errors.js';

/** How deep arrays and objects may nest; the outermost is level 1. */
const MAX_DEPTH = 20;
/** Far more fields than any object of the contract has. It bounds what one object can cost to check and to complain about. */
const MAX_KEYS_PER_OBJECT = 1_000;
/** A hundred thousand lines with every field there is have half of it. */
const MAX_KEYS = 2_000_000;
/** Entries of lists and members of objects, less one each: what commas separate. */
const MAX_COMMAS = 2_500_000;
/** Any text, as it was sent. The schema allows far less; this holds where it says nothing, for names too. */
const MAX_STRING_BYTES = 131_072;
/** Names that mean something else to JavaScript than to JSON. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const BYTE_ORDER_MARK = 0xfeff;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * JSON as RFC 8259 wants it between systems: UTF-8, no byte order mark, no name twice in an object, no prototype keys, not
 * deeper than 20 levels, and no more of anything than a body of the contract can have. JSON.parse does the work; duplicates, which it merges, show as fewer keys in the value than
 * names in the text.
 *
 * @throws invalid_json
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) throw invalidJson('The body starts with a byte order mark.');
  const names = countNames(bytes);
  const value = parse(text);
  if (countKeys(value) !== names) throw invalidJson('An object has the same key twice.');
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidJson('The body is not UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The rest of the message quotes the body.
    const position = /at position (\d+)/.exec(String(error))?.[1];
    throw invalidJson(`The body is not JSON${position === undefined ? '' : `, from character ${position} on`}.`);
  }
}

/** Keys of all objects of a value. @throws invalid_json on prototype keys and on too many keys */
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item);
    return count;
  }
  const fields = value as Record<string, unknown>;
  let own = 0;
  // A parsed object has no enumerable keys but its own.
  for (const key in fields) {
    if (PROTOTYPE_KEYS.has(key)) throw invalidJson(`"${key}" is not allowed as a key.`);
    own++;
    count += countKeys(fields[key]);
  }
  if (own > MAX_KEYS_PER_OBJECT) throw invalidJson(`An object has more than ${MAX_KEYS_PER_OBJECT} keys.`);
  return count + own;
}

/**
 * Names in UTF-8 that should be JSON: outside of strings, a colon stands behind a name and nowhere else. Looks at the
 * depth as well, before anything recursive sees the text. Over the bytes, which takes a quarter of the time that the
 * characters take: what it looks for is ASCII, and no byte of another character is.
 *
 * @throws invalid_json when it is too deep, or has too many keys or values or too long a string
 */
function countNames(bytes: Uint8Array): number {
  let count = 0;
  let commas = 0;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i] ?? 0) {
      case QUOTE:
        i = endOfString(bytes, i);
        break;
      case COLON:
        count++;
        break;
      case COMMA:
        commas++;
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        if (++depth > MAX_DEPTH) throw invalidJson(`The body is deeper than ${MAX_DEPTH} levels.`);
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth--;
        break;
    }
  }
  if (count > MAX_KEYS) throw invalidJson(`The body has more than ${MAX_KEYS} keys.`);
  if (commas > MAX_COMMAS) throw invalidJson(`The body has more than ${MAX_COMMAS} values.`);
  return count;
}

/** Where the string that opens at `opening` closes: the next quote behind an even number of backslashes. */
function endOfString(bytes: Uint8Array, opening: number): number {
  for (let i = opening + 1; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      if (i - opening > MAX_STRING_BYTES) throw invalidJson(`A string is longer than ${MAX_STRING_BYTES} bytes.`);
      return i;
    }
    if (byte === BACKSLASH) i++;
  }
  return bytes.length;
}

const invalidJson = (message: string): DomainError => new DomainError('invalid', 'invalid_json', message);
