import type { SendOutcome } from './notification-channel.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses after the first attempt, the second, and so on; after the last of them it is given up. */
export const RETRY_PAUSES_MS = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS] as const;

/** What comes after an attempt. */
export type NextStep =
  | { readonly status: 'sent'; readonly failure: string | null }
  | { readonly status: 'failed'; readonly failure: string }
  | { readonly status: 'pending'; readonly failure: string; readonly pauseMs: number };

/** @param attempts how many there were, this one included */
export function stepAfter(attempts: number, outcome: SendOutcome): NextStep {
  const { failure } = outcome;
  if (outcome.kind === 'sent') return { status: 'sent', failure };
  const scheduledMs = RETRY_PAUSES_MS[attempts - 1];
  if (outcome.kind === 'refused' || scheduledMs === undefined) return { status: 'failed', failure: outcome.failure };
  const pauseMs = Math.max(scheduledMs, outcome.retryAfterMs ?? 0);
  return { status: 'pending', failure: outcome.failure, pauseMs };
}
