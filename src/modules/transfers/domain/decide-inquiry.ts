import type { PaymentAnswer } from '../../../domain/payment-outcome.js';
import { backoffMs } from './backoff.js';
import { type ChunkPurpose, shrunkSize } from './chunk.js';
import type { DecisionContext } from './decide-submission.js';
import type { FollowUp, Line, Move } from './line.js';

/** What follows from the rail's answer about a line that is in doubt, or accepted and not yet settled. */
export function decideInquiry(
  line: Line & { status: 'in_doubt' | 'submitted' },
  answer: PaymentAnswer,
  purpose: Exclude<ChunkPurpose, 'submit'>,
  context: DecisionContext,
): Move {
  const asked: Move = {
    line,
    from: line.status,
    to: line.status,
    source: 'inquiry',
    attempts: line.attempts,
    possiblySent: line.possiblySent,
    code: null,
    detail: null,
    railId: null,
    followUp: null,
  };
  switch (answer.kind) {
    case 'settled':
      return { ...asked, to: 'settled', railId: answer.railId };
    case 'rejected':
      return { ...asked, to: 'failed', code: answer.code, detail: answer.detail };
    case 'accepted':
      return askAgain({ ...asked, to: 'submitted', railId: answer.railId }, 'inquire', context);
    case 'unknown':
      return askAgain({ ...asked, code: answer.code, detail: answer.detail }, purpose, context);
    case 'not_found':
      return notFound(
        { ...asked, code: 'not_found', detail: 'The rail does not know the reference' },
        purpose,
        context,
      );
  }
}

/** Not found, twice, a whole visibility horizon apart: it never arrived, and the same reference may go out again. */
function notFound(asked: Move, purpose: 'inquire' | 'confirm', context: DecisionContext): Move {
  if (purpose === 'inquire' || asked.from === 'submitted') {
    const confirm = followUp(context, 'confirm', 0, context.visibilityHorizonMs);
    return { ...asked, to: 'in_doubt', followUp: confirm };
  }
  if (!context.deduplicates || asked.attempts >= context.maxAttempts) return { ...asked, to: 'manual_review' };
  const resend = { ...followUp(context, 'submit', 0, 0), size: shrunkSize(context.lineCount) };
  return { ...asked, to: 'pending', followUp: resend };
}

/** Later and later, until the deadline of the state the line is in. */
function askAgain(asked: Move, purpose: 'inquire' | 'confirm', context: DecisionContext): Move {
  const { inDoubtMs, submittedMs } = context.deadlines;
  if (context.waitedMs >= (asked.to === 'submitted' ? submittedMs : inDoubtMs))
    return { ...asked, to: 'manual_review' };
  const tries = context.tries + 1;
  return { ...asked, followUp: followUp(context, purpose, tries, backoffMs(tries, context.backoff, context.random)) };
}

function followUp(context: DecisionContext, purpose: FollowUp['purpose'], tries: number, dueInMs: number): FollowUp {
  return { purpose, tries, deaths: context.deaths, dueInMs, size: null };
}
