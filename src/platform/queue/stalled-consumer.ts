/** What one look at a consumer of a queue saw. */
export interface ConsumerLook {
  /** On a monotonic clock. */
  readonly atMs: number;
  /** Jobs that wait in the queue. */
  readonly waiting: number;
  /** Jobs the consumer has begun so far. */
  readonly taken: number;
  /** Whether it could run one more. */
  readonly hasRoom: boolean;
}

/** A consumer that takes nothing though it could: since when, and as of which look. */
export interface Idling {
  readonly sinceMs: number;
  readonly seenMs: number;
  readonly taken: number;
}

/** An idle worker asks for jobs every 5 s without being told of any: three times in vain is no coincidence. */
const STALLED_AFTER_MS = 15_000;
/** Looks further apart prove nothing about the time between them: the process was stopped, or too busy to look. */
const MAX_GAP_MS = 10_000;

/** What is known after a look; null when the consumer took something, is full, or has nothing to take. */
export function idlingAfter(before: Idling | null, look: ConsumerLook): Idling | null {
  const { atMs, waiting, taken, hasRoom } = look;
  if (waiting === 0 || !hasRoom) return null;
  const goesOn = before !== null && before.taken === taken && atMs - before.seenMs <= MAX_GAP_MS;
  return { sinceMs: goesOn ? before.sinceMs : atMs, seenMs: atMs, taken };
}

/** Jobs wait, there is room, and none was taken for long: something is wrong with its connections, whatever they say themselves. */
export const isStalled = ({ sinceMs, seenMs }: Idling): boolean => seenMs - sinceMs >= STALLED_AFTER_MS;
