import { invariantViolated } from './errors.js';

/**
 * One text for equal JSON values, whatever the order of their members: keys sorted by UTF-16 code units, no spaces,
 * strings and numbers as JSON.stringify writes them (RFC 8785). Members that are undefined count as absent.
 * Throws for what JSON cannot say (bigint, NaN, functions, Date, Map): two such payloads would fingerprint alike.
 */
export function canonicalJson(value: unknown): string {
  const pieces: string[] = [];
  canonicalPieces(value, (piece) => pieces.push(piece));
  return pieces.join('');
}

/**
 * The same text piece by piece, for hashing: that of a bulk of 100,000 lines has twenty million characters, which nobody needs at once.
 */
export function canonicalPieces(value: unknown, take: (piece: string) => void): void {
  const pieces = new Pieces(take);
  writePieces(value, new KeyOrder(), pieces);
  pieces.flush();
}

/** Descends into what can be long: arrays, and the fields of the outermost object. */
function writePieces(value: unknown, order: KeyOrder, pieces: Pieces, isOutermost = true): void {
  if (Array.isArray(value)) {
    pieces.add('[');
    for (let i = 0; i < value.length; i++) pieces.add((i === 0 ? '' : ',') + write(value[i], order));
    pieces.add(']');
  } else if (isOutermost && typeof value === 'object' && value !== null && isRecord(value)) {
    const { sorted, labels } = order.of(value);
    let opening = '{';
    for (let i = 0; i < sorted.length; i++) {
      const member = value[sorted[i] ?? ''];
      if (member === undefined) continue;
      pieces.add(opening + (labels[i] ?? ''));
      writePieces(member, order, pieces, false);
      opening = ',';
    }
    pieces.add(opening === '{' ? '{}' : '}');
  } else {
    pieces.add(write(value, order));
  }
}

class Pieces {
  private parts: string[] = [];
  private length = 0;

  constructor(private readonly take: (piece: string) => void) {}

  add(part: string): void {
    this.parts.push(part);
    this.length += part.length;
    if (this.length >= PIECE_LENGTH) this.flush();
  }

  flush(): void {
    if (this.parts.length > 0) this.take(this.parts.join(''));
    this.parts = [];
    this.length = 0;
  }
}

const PIECE_LENGTH = 65_536;

function write(value: unknown, order: KeyOrder): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return writeArray(value, order);
  if (typeof value === 'object' && isRecord(value)) return writeObject(value, order);
  throw invariantViolated(`JSON has no such value: ${Object.prototype.toString.call(value)}.`);
}

/*
 * Both join their parts instead of adding them up: `join` makes one flat string, while `+=` keeps a tree of all its
 * pieces alive until the end, and on 10,000 lines walking that tree cost the garbage collector more than all the rest.
 */
function writeArray(items: readonly unknown[], order: KeyOrder): string {
  const parts: string[] = [];
  for (let i = 0; i < items.length; i++) parts.push(write(items[i], order));
  return `[${parts.join(',')}]`;
}

function writeObject(record: Readonly<Record<string, unknown>>, order: KeyOrder): string {
  const { sorted, labels } = order.of(record);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const member = record[sorted[i] ?? ''];
    if (member !== undefined) parts.push((labels[i] ?? '') + write(member, order));
  }
  return `{${parts.join(',')}}`;
}

interface Keys {
  readonly given: readonly string[];
  readonly sorted: readonly string[];
  /** The sorted keys as they are written, quoted and with their colon. */
  readonly labels: readonly string[];
}

/** Remembers the keys of the last object: the lines of a bulk all have the same ones, sorted and quoted only once. */
class KeyOrder {
  private last: Keys = { given: [], sorted: [], labels: [] };

  of(record: object): Keys {
    const given = Object.keys(record);
    if (!isSame(given, this.last.given)) {
      const sorted = [...given].sort();
      this.last = { given, sorted, labels: sorted.map((key) => `${quote(key)}:`) };
    }
    return this.last;
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Plain objects and instances of our own classes, of any realm; not Date, Map, RegExp and the like. */
const isRecord = (value: object): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]';

const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

const quote = (text: string): string => (NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text));
