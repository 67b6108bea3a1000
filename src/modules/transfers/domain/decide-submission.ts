import type { PaymentOutcome } from '../../../domain/payment-outcome.js';
import { backoffMs, type BackoffLimits } from './backoff.js';
import type { Line, Move } from './line.js';

/** What decisions about one chunk depend on besides the rail's word. */
export interface DecisionContext {
  /** Of the chunk at hand. */
  readonly tries: number;
  readonly deaths: number;
  readonly lineCount: number;
  readonly backoff: BackoffLimits;
  /** Submissions of one line before the engine gives up on a rail that does not take it. */
  readonly maxAttempts: number;
  readonly visibilityHorizonMs: number;
  /** For how long this chunk's lines have been asked about, and for how long a rail is asked before a person is. */
  readonly waitedMs: number;
  readonly deadlines: { readonly inDoubtMs: number; readonly submittedMs: number };
  readonly deduplicates: boolean;
  /** In [0, 1), drawn once for the chunk. */
  readonly random: number;
}

/** What follows from a line having been handed to its rail. */
export function decideSubmission(line: Line, outcome: PaymentOutcome, context: DecisionContext): Move {
  const sent: Move = {
    line,
    from: 'submitting',
    to: 'pending',
    source: 'submission',
    attempts: line.attempts + 1,
    possiblySent: line.possiblySent,
    code: null,
    detail: null,
    railId: null,
    followUp: null,
  };
  switch (outcome.kind) {
    case 'settled':
      return { ...sent, to: 'settled', possiblySent: true, railId: outcome.railId };
    case 'accepted':
      return { ...sent, to: 'submitted', possiblySent: true, railId: outcome.railId, followUp: firstInquiry(context) };
    case 'rejected':
      return { ...sent, to: 'failed', code: outcome.code, detail: outcome.detail };
    case 'unknown': {
      const followUp = firstInquiry(context);
      return { ...sent, to: 'in_doubt', possiblySent: true, code: outcome.code, detail: outcome.detail, followUp };
    }
    case 'not_accepted':
      return notAccepted(sent, outcome, context);
    case 'not_sent':
      return notSent(line, outcome.retryAfterMs ?? 0, context);
  }
}

/** What did not leave this process costs the line no attempt, and changes nothing about it. */
export function notSent(line: Line, dueInMs: number, context: Pick<DecisionContext, 'tries' | 'deaths'>): Move {
  return {
    line,
    from: 'pending',
    to: 'pending',
    source: 'submission',
    attempts: line.attempts,
    possiblySent: line.possiblySent,
    code: null,
    detail: null,
    railId: null,
    followUp: { purpose: 'submit', tries: context.tries, deaths: context.deaths, dueInMs, size: null },
  };
}

function notAccepted(
  sent: Move,
  refusal: Extract<PaymentOutcome, { kind: 'not_accepted' }>,
  context: DecisionContext,
): Move {
  if (sent.attempts < context.maxAttempts) {
    const dueInMs = Math.max(backoffMs(context.tries, context.backoff, context.random), refusal.retryAfterMs ?? 0);
    const followUp = {
      purpose: 'submit' as const,
      tries: context.tries + 1,
      deaths: context.deaths,
      dueInMs,
      size: null,
    };
    return { ...sent, to: 'pending', code: refusal.code, detail: refusal.detail, followUp };
  }
  // An earlier submission may have been executed: only the rail or a person may end it.
  if (sent.possiblySent)
    return { ...sent, from: 'pending', to: 'manual_review', code: 'attempts_exhausted', detail: refusal.detail };
  return { ...sent, to: 'failed', code: 'attempts_exhausted', detail: refusal.detail };
}

/** The rail is asked soon: most doubt ends with the first answer. */
export function firstInquiry(context: Pick<DecisionContext, 'backoff' | 'random' | 'deaths'>) {
  const dueInMs = backoffMs(0, context.backoff, context.random);
  return { purpose: 'inquire' as const, tries: 0, deaths: context.deaths, dueInMs, size: null };
}
