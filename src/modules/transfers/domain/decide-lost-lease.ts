import { type ChunkPurpose, shrunkSize } from './chunk.js';
import { type DecisionContext, firstInquiry } from './decide-submission.js';
import type { FollowUp, Line, Move } from './line.js';

/** Worker deaths on a line all by itself before a person has to look at it. */
const MAX_DEATHS_ALONE = 3;

/**
 * What follows when a worker lost its lease on a chunk, by dying or by being too slow. Nothing is sent again on the strength of a
 * lease: a line inside the window may have gone out, so it is in doubt; one beyond it provably did not.
 */
export function decideLostLease(
  line: Line,
  chunk: { purpose: ChunkPurpose; isBook: boolean; submittedThrough: number | null },
  context: DecisionContext,
): Move {
  const deaths = context.deaths + 1;
  const lost: Move = {
    line,
    from: line.status,
    to: line.status,
    source: 'lost_lease',
    attempts: line.attempts,
    possiblySent: line.possiblySent,
    code: 'lost_lease',
    detail: 'The worker stopped before it recorded an outcome',
    railId: null,
    followUp: null,
  };
  const inWindow = chunk.submittedThrough !== null && line.line <= chunk.submittedThrough;
  const mayHaveLeft = chunk.purpose === 'submit' && !chunk.isBook && inWindow;
  if (context.lineCount === 1 && deaths >= MAX_DEATHS_ALONE)
    return { ...lost, to: 'manual_review', possiblySent: line.possiblySent || mayHaveLeft };
  const again: FollowUp = {
    purpose: chunk.purpose,
    tries: context.tries,
    deaths,
    dueInMs: 0,
    // The first death may be chance; a second one on the same lines says one of them may be the cause.
    size: deaths > 1 ? shrunkSize(context.lineCount) : null,
  };
  if (!mayHaveLeft) return { ...lost, followUp: again };
  return {
    ...lost,
    from: 'submitting',
    to: 'in_doubt',
    attempts: line.attempts + 1,
    possiblySent: true,
    followUp: { ...firstInquiry({ ...context, deaths }), size: again.size },
  };
}
