import type { Move } from './line.js';

/**
 * What a move of a reversal comes to: one that the rail refuses does not end by itself. The money it was to bring back is still with the
 * counterparty, so a person decides what happens about it.
 */
export function decideReversal(move: Move): Move {
  if (move.to !== 'failed' || move.source === 'operator') return move;
  // `submitting` is pending in the books; a reversal that leaves it for a person's desk was never in another state.
  const from = move.from === 'submitting' ? 'pending' : move.from;
  return { ...move, from, to: 'manual_review', possiblySent: true };
}
