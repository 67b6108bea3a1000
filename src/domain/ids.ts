import { invariantViolated } from './errors.js';

/** An endless supply of UUIDv7 (RFC 9562), each greater than the one before. */
export type IdSource = () => string;

export interface IdSourceParts {
  /** Milliseconds since 1970, an integer. */
  readonly nowMs: () => number;
  readonly fillRandom: (bytes: Uint8Array) => void;
}

/*
 * Layout: 48 bits of milliseconds, version 7, 12 bits of counter, variant 10, 62 random bits.
 * The counter (RFC 9562, 6.2, method 1) keeps the ids of one millisecond in order. It starts at a random value with its
 * top bit clear, which leaves room for at least 2,048 ids; when they are used up, or when the clock steps back, the
 * source goes on counting in its own time, ahead of the clock, until the clock has caught up.
 */
const COUNTER_MAX = 0xfff;
const COUNTER_SEED_MASK = 0x7ff;
const MAX_TIME_MS = 2 ** 48 - 1;

const BYTES_PER_ID = 10; // 8 for the random tail, 2 for a counter's start
const IDS_PER_REFILL = 1024; // one call for many ids: asking for random bytes costs more than making an id

export function createIdSource({ nowMs, fillRandom }: IdSourceParts): IdSource {
  const pool = new Uint8Array(BYTES_PER_ID * IDS_PER_REFILL);
  let used = pool.length;
  let lastMs = -1;
  let counter = 0;
  let prefix = '';

  return () => {
    if (used === pool.length) {
      fillRandom(pool);
      used = 0;
    }
    const at = used;
    used += BYTES_PER_ID;
    const now = nowMs();
    if (now > lastMs || counter === COUNTER_MAX) {
      lastMs = now > lastMs ? now : lastMs + 1;
      counter = ((byteAt(pool, at + 8) << 8) | byteAt(pool, at + 9)) & COUNTER_SEED_MASK;
      prefix = timePrefix(lastMs);
    } else {
      counter++;
    }
    return prefix + hexOf(0x70 | (counter >> 8)) + hexOf(counter & 0xff) + randomTail(pool, at);
  };
}

/** A new UUIDv7, greater than every one this process made before. */
export const newId: IdSource = createIdSource({
  nowMs: Date.now,
  fillRandom: (bytes) => void globalThis.crypto.getRandomValues(bytes),
});

/**
 * The smallest UUIDv7 of an instant: ids made from then on are not below it. For `created_from` and `created_to` over
 * time-ordered ids. Instants a UUIDv7 cannot express (before 1970, after 10889) become the nearest one it can.
 */
export function minIdAt(timeMs: number): string {
  if (!Number.isInteger(timeMs)) throw invariantViolated('An instant is a whole number of milliseconds.');
  return `${timePrefix(Math.min(Math.max(timeMs, 0), MAX_TIME_MS))}7000-8000-000000000000`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** A UUID of any version of RFC 9562, in either case. Nil and Max are no one's id, and are refused. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * What a rail knows a transfer by, for its whole life: the 32 hex digits of its id, lower case. Fits ISO 20022
 * Max35Text (EndToEndId), which the dashes would not.
 */
export function railReference(transferId: string): string {
  if (!isUuid(transferId)) throw invariantViolated('A rail reference is made from the id of a transfer.');
  return transferId.replaceAll('-', '').toLowerCase();
}

/** The transfer a rail speaks of, or null when the reference is none of ours. Banks may have put it in upper case. */
export function transferIdOf(reference: string): string | null {
  if (reference.length !== RAIL_REFERENCE_LENGTH) return null;
  const groups = GROUP_STARTS.map((start, i) => reference.slice(start, GROUP_STARTS[i + 1]));
  const id = groups.join('-').toLowerCase();
  return isUuid(id) ? id : null;
}

const RAIL_REFERENCE_LENGTH = 32;
const GROUP_STARTS = [0, 8, 12, 16, 20];

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const hexOf = (byte: number): string => HEX[byte] ?? '';

const byteAt = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

function timePrefix(timeMs: number): string {
  const hex = timeMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

/** The last two groups: variant 10 and 62 random bits. One expression, no loop: this is most of what an id costs. */
function randomTail(bytes: Uint8Array, at: number): string {
  const hexAt = (offset: number): string => hexOf(byteAt(bytes, at + offset));
  const variant = `-${hexOf(0x80 | (byteAt(bytes, at) & 0x3f))}${hexAt(1)}-`;
  return variant + (hexAt(2) + hexAt(3) + hexAt(4) + hexAt(5) + hexAt(6) + hexAt(7));
}
