export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Exponential backoff with full jitter: a uniformly random share of `min(max, base * 2^tries)`. One draw for a whole chunk,
 * so that its lines stay together.
 *
 * @param random in [0, 1)
 */
export function backoffMs(tries: number, limits: BackoffLimits, random: number): number {
  const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(tries, 40));
  return Math.floor(random * ceiling);
}
