import type { PaymentOutcome } from '../../../domain/payment-outcome.js';

/** The longest pause the rail asked for counts for every line it did not take: they wait together, in one chunk. */
export function withCommonRetryAfter(outcomes: readonly PaymentOutcome[]): PaymentOutcome[] {
  let retryAfterMs = 0;
  for (const outcome of outcomes) {
    if (isNotTaken(outcome)) retryAfterMs = Math.max(retryAfterMs, outcome.retryAfterMs ?? 0);
  }
  if (retryAfterMs === 0) return [...outcomes];
  return outcomes.map((outcome) => (isNotTaken(outcome) ? { ...outcome, retryAfterMs } : outcome));
}

const isNotTaken = (
  outcome: PaymentOutcome,
): outcome is Extract<PaymentOutcome, { kind: 'not_accepted' | 'not_sent' }> =>
  outcome.kind === 'not_accepted' || outcome.kind === 'not_sent';
