import { invariantViolated } from './errors.js';

/**
 * One text for equal JSON values, whatever the order of their members: keys sorted by UTF-16 code units, no spaces,
 * strings and numbers as JSON.stringify writes them (RFC 8785). Members that are undefined count as absent.
 * Throws for what JSON cannot say (bigint, NaN, functions, Date, Map): two such payloads would fingerprint alike.
 */
export function canonicalJson(value: unknown): string {
  return write(value, new KeyOrder());
}

function write(value: unknown, order: KeyOrder): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return writeArray(value, order);
  if (typeof value === 'object' && isRecord(value)) return writeObject(value, order);
  throw invariantViolated(`JSON has no such value: ${Object.prototype.toString.call(value)}.`);
}

function writeArray(items: readonly unknown[], order: KeyOrder): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) text += (i === 0 ? '' : ',') + write(items[i], order);
  return text + ']';
}

function writeObject(record: Readonly<Record<string, unknown>>, order: KeyOrder): string {
  let text = '';
  for (const { key, label } of order.of(record)) {
    const member = record[key];
    if (member === undefined) continue;
    text += (text === '' ? '{' : ',') + label + write(member, order);
  }
  return text === '' ? '{}' : text + '}';
}

/** Remembers the order of the last object's keys: the lines of a bulk all have the same ones, sorted only once. */
class KeyOrder {
  private keys: readonly string[] = [];
  private sorted: readonly { readonly key: string; readonly label: string }[] = [];

  of(record: object): typeof this.sorted {
    const keys = Object.keys(record);
    if (!this.isLast(keys)) {
      this.keys = keys;
      this.sorted = [...keys].sort().map((key) => ({ key, label: `${quote(key)}:` }));
    }
    return this.sorted;
  }

  private isLast(keys: readonly string[]): boolean {
    if (keys.length !== this.keys.length) return false;
    for (let i = 0; i < keys.length; i++) if (keys[i] !== this.keys[i]) return false;
    return true;
  }
}

/** Plain objects and instances of our own classes, of any realm; not Date, Map, RegExp and the like. */
const isRecord = (value: object): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]';

const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

const quote = (text: string): string => (NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text));
