import type { PaymentAnswer } from '../../../domain/payment-outcome.js';
import { backoffMs } from './backoff.js';
import { type ChunkPurpose, shrunkSize } from './chunk.js';
import type { DecisionContext } from './decide-submission.js';
import type { FollowUp, Line, Move } from './line.js';

/** With the default backoff, on average: half an hour for doubt, a day and a half for a payment the rail has accepted. */
const MAX_INQUIRIES = 12;
const MAX_POLLS = 300;

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
      return askAgain({ ...asked, to: 'submitted', railId: answer.railId }, 'inquire', MAX_POLLS, context);
    case 'unknown': {
      const max = line.status === 'submitted' ? MAX_POLLS : MAX_INQUIRIES;
      return askAgain({ ...asked, code: answer.code, detail: answer.detail }, purpose, max, context);
    }
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

function askAgain(asked: Move, purpose: 'inquire' | 'confirm', maxTries: number, context: DecisionContext): Move {
  if (context.tries >= maxTries) return { ...asked, to: 'manual_review' };
  const tries = context.tries + 1;
  return { ...asked, followUp: followUp(context, purpose, tries, backoffMs(tries, context.backoff, context.random)) };
}

function followUp(context: DecisionContext, purpose: FollowUp['purpose'], tries: number, dueInMs: number): FollowUp {
  return { purpose, tries, deaths: context.deaths, dueInMs, size: null };
}
