/** Lines per millisecond, as seen lately; null before anything was sent. */
export type Pace = number | null;

export interface PaceLimits {
  /** Calls under way at a time. */
  readonly concurrency: number;
  /** Calls per second at most; 0: no such limit. */
  readonly ratePerSecond: number;
}

const WEIGHT_OF_LATEST = 0.3;
const MAX_WINDOW_LINES = 5_000;

/**
 * The pace after a batch, as an exponentially weighted average. Lines go out in waves of `concurrency`: a batch that does not fill its
 * last wave took as long as one that does.
 */
export function paceAfter(pace: Pace, batch: { lines: number; elapsedMs: number }, limits: PaceLimits): Pace {
  if (batch.lines < 1) return pace;
  const waves = Math.ceil(batch.lines / limits.concurrency);
  const latest = (waves * limits.concurrency) / Math.max(batch.elapsedMs, 1);
  return pace === null ? latest : pace + (latest - pace) * WEIGHT_OF_LATEST;
}

/** Lines that are sure to be sent within `budgetMs` at this pace: one wave before anything is known, at least one line. */
export function linesWithin(budgetMs: number, pace: Pace, limits: PaceLimits): number {
  const byPace = pace === null ? limits.concurrency : pace * budgetMs;
  const byRate = limits.ratePerSecond === 0 ? Infinity : (limits.ratePerSecond / 1_000) * budgetMs;
  return Math.max(1, Math.min(Math.floor(byPace), Math.floor(byRate), MAX_WINDOW_LINES));
}
