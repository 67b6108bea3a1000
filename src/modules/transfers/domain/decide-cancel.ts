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

/** A line the window did not reach: it stays pending, in a chunk of its own. */
export function decideUnsent(line: Line, context: { tries: number; deaths: number }): Move {
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
    followUp: { purpose: 'submit', tries: context.tries, deaths: context.deaths, dueInMs: 0, size: null },
  };
}
