import { type LineCounts, openCount } from './bulk-request.js';

export interface Progress {
  /** Share of lines that have ended, 0 to 100, one decimal. 100 only when nothing is open. */
  readonly percent: number;
  /** At the pace so far; null before the first line has ended, 0 when nothing is open. */
  readonly etaSeconds: number | null;
}

/** How far a bulk is, from its counts and the time since it was accepted. */
export function progressOf(counts: LineCounts, transferCount: number, elapsedMs: number): Progress {
  const open = openCount(counts);
  if (open === 0) return { percent: 100, etaSeconds: 0 };
  const ended = transferCount - open;
  // Rounded down: a bulk with an open line never reads as finished.
  const percent = Math.floor((ended * 1_000) / transferCount) / 10;
  if (ended <= 0) return { percent: 0, etaSeconds: null };
  return { percent, etaSeconds: Math.ceil((open * elapsedMs) / ended / 1_000) };
}
