import { isUuid } from '../../domain/ids.js';
import { DomainError } from '../../domain/errors.js';

/** What the parts of a cursor are, in order. `integer` is a safe, non-negative one. */
export type CursorShape = readonly ('string' | 'uuid' | 'integer')[];

export type CursorParts<Shape extends CursorShape> = {
  -readonly [Index in keyof Shape]: Shape[Index] extends 'integer' ? number : string;
};

const MAX_PART_LENGTH = 255;

export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws invalid_cursor for anything {@link encodeCursor} did not make of such parts */
export function decodeCursor<const Shape extends CursorShape>(cursor: string, shape: Shape): CursorParts<Shape> {
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length !== shape.length || encodeCursor(parts as string[]) !== cursor) {
    throw invalidCursor();
  }
  if (!shape.every((kind, index) => isOfKind(kind, parts[index]))) throw invalidCursor();
  return parts as CursorParts<Shape>;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw invalidCursor();
  }
}

function isOfKind(kind: CursorShape[number], part: unknown): boolean {
  if (kind === 'integer') return Number.isSafeInteger(part) && (part as number) >= 0;
  if (typeof part !== 'string' || part.length > MAX_PART_LENGTH || part.includes('\0')) return false;
  return kind === 'string' || isUuid(part);
}

const invalidCursor = (): DomainError =>
  new DomainError('invalid', 'invalid_cursor', 'The cursor is none this list gave out.');
