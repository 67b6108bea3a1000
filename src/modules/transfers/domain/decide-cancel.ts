import type { Line, Move } from './line.js';

/** A pending line of a bulk that is being stopped: never sent means cancelled, possibly sent means a person looks at it. */
export function decideCancel(line: Line): Move {
  return {
    line,
    from: 'pending',
    to: line.possiblySent ? 'manual_review' : 'cancelled',
    source: 'stop',
    attempts: line.attempts,
    possiblySent: line.possiblySent,
    code: 'stopped',
    detail: 'The bulk request was stopped before this line was sent',
    railId: null,
    followUp: null,
  };
}
