import { LONGEST_ASKED_PAUSE_MS, withJitter } from '../../../domain/retry-pause.js';
import type { DeliveryFailure } from './webhook-delivery.js';

/** What came of one attempt: an answer, or none. */
export type AttemptResult =
  /** `retryAfterMs` is a day at most: platform/outbound sees to that. */
  | { readonly kind: 'answered'; readonly statusCode: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'failed'; readonly failure: DeliveryFailure };

export type DeliveryDecision =
  | { readonly kind: 'succeeded' }
  /** The receiver says that it will never be there again. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** No further attempt. */
  | { readonly kind: 'failed' };

/** What is due is sent within an hour, however many wait. */
const TURN_MS = 3_600_000;
const GONE = 410;
const SAYS_WHEN = [429, 503];
/** What another attempt cannot mend. */
const FINAL: readonly DeliveryFailure[] = ['event_purged', 'endpoint_deleted'];
const OURS: readonly DeliveryFailure[] = [...FINAL, 'secret_unreadable', 'interrupted'];

/**
 * What happens to a delivery after an attempt.
 *
 * @param failedBefore attempts of this round that have failed before this one
 * @param scheduleMs the pause after the first failure, the second, and so on; after the last there is one more attempt
 * @param random in [0, 1)
 */
export function decideDelivery(
  result: AttemptResult,
  failedBefore: number,
  scheduleMs: readonly number[],
  random: number,
): DeliveryDecision {
  if (result.kind === 'failed' && FINAL.includes(result.failure)) return { kind: 'failed' };
  if (result.kind === 'answered' && result.statusCode >= 200 && result.statusCode < 300) return { kind: 'succeeded' };
  if (result.kind === 'answered' && result.statusCode === GONE) return { kind: 'gone' };
  const pauseMs = scheduleMs[failedBefore];
  if (pauseMs === undefined) return { kind: 'failed' };
  const delayMs = withJitter(pauseMs, random);
  return { kind: 'retry', delayMs: Math.max(delayMs, askedPauseMs(result)) };
}

/** For how long what fails may rest before it is tried again: by the schedule or as asked, and until it is its turn. */
export const longestRestMs = (scheduleMs: readonly number[]): number =>
  Math.max(LONGEST_ASKED_PAUSE_MS, ...scheduleMs.map((pauseMs) => withJitter(pauseMs, 1))) + TURN_MS;

/** Whether an attempt that did not succeed says something about the receiver. */
export const isReceivers = (result: AttemptResult): boolean =>
  result.kind === 'answered' || !OURS.includes(result.failure);

/** How long the receiver wants to be left alone. */
function askedPauseMs(result: AttemptResult): number {
  if (result.kind !== 'answered' || !SAYS_WHEN.includes(result.statusCode)) return 0;
  return result.retryAfterMs ?? 0;
}
