import { withJitter } from '../../../domain/retry-pause.js';
import type { SendOutcome } from './notification-channel.js';
import type { PartlyTaken } from './partly-taken.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses after the first attempt, the second, and so on; after the last of them it is given up. */
export const RETRY_PAUSES_MS = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS] as const;

/** What comes after an attempt. */
export type NextStep =
  | { readonly status: 'sent'; readonly failure: string | null }
  | { readonly status: 'failed'; readonly failure: string }
  | {
      readonly status: 'pending';
      readonly failure: string;
      readonly pauseMs: number;
      readonly progress: PartlyTaken | null;
    };

/** Of one that is sent: some recipients have it, others refused it or never took it. */
const RECIPIENTS_REFUSED = 'recipients_refused';

/**
 * @param attempts how many there were, this one included
 * @param progress of a mail that was taken for some, after this attempt
 * @param random in [0, 1)
 */
export function stepAfter(
  attempts: number,
  outcome: SendOutcome,
  progress: PartlyTaken | null,
  random: number,
): NextStep {
  const { failure } = outcome;
  if (outcome.kind === 'sent') {
    return { status: 'sent', failure: failure ?? ((progress?.refused ?? 0) > 0 ? RECIPIENTS_REFUSED : null) };
  }
  const scheduledMs = RETRY_PAUSES_MS[attempts - 1];
  if (outcome.kind === 'refused' || scheduledMs === undefined) {
    if ((progress?.taken ?? 0) > 0) return { status: 'sent', failure: RECIPIENTS_REFUSED };
    return { status: 'failed', failure: outcome.failure };
  }
  const askedMs = outcome.kind === 'retry' ? (outcome.retryAfterMs ?? 0) : 0;
  const pauseMs = Math.max(withJitter(scheduledMs, random), askedMs);
  return { status: 'pending', failure: outcome.failure, pauseMs, progress };
}
