/** A seeded source of chance (mulberry32): the same seed plays the same night. */
export interface Random {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    seed,
    next,
    integer,
    pick: (items) => {
      const item = items[integer(0, items.length - 1)];
      if (item === undefined) throw new Error('Nothing to pick from.');
      return item;
    },
  };
}

/** FAULT_SEED, or a new one; printed, so that a failed night can be played again. */
export function seedOf(text: string | undefined): number {
  const seed = text === undefined || text === '' ? Math.floor(Math.random() * 4_294_967_296) : Number(text);
  if (!Number.isInteger(seed) || seed < 0) throw new Error(`FAULT_SEED is not a whole number: ${text}`);
  process.stdout.write(`FAULT_SEED=${seed}\n`);
  return seed;
}
