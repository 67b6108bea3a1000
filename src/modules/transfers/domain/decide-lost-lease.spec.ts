import { decideLostLease } from './decide-lost-lease.js';
import type { DecisionContext } from './decide-submission.js';
import type { Line } from './line.js';

const LINE: Line = { id: 'a', line: 3, status: 'pending', attempts: 0, possiblySent: false, amountMinor: 100n };
const CONTEXT: DecisionContext = {
  tries: 2,
  deaths: 0,
  lineCount: 100,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  maxAttempts: 3,
  visibilityHorizonMs: 60_000,
  waitedMs: 0,
  deadlines: { inDoubtMs: 3_600_000, submittedMs: 86_400_000 },
  deduplicates: true,
  random: 0.5,
};
const WHOLE_WINDOW = { purpose: 'submit', isBook: false, submittedThrough: 3 } as const;

describe('a line whose worker lost its lease', () => {
  it('is in doubt inside the window, and its rail is asked before anything else', () => {
    const move = decideLostLease(LINE, WHOLE_WINDOW, CONTEXT);
    expect(move).toMatchObject({
      from: 'submitting',
      to: 'in_doubt',
      source: 'lost_lease',
      attempts: 1,
      possiblySent: true,
      code: 'lost_lease',
    });
    expect(move.followUp).toEqual({ purpose: 'inquire', tries: 0, deaths: 1, dueInMs: 500, size: null });
  });

  it.each([2, null])('is pending beyond the window: it provably never left (window through %p)', (submittedThrough) => {
    const move = decideLostLease(LINE, { ...WHOLE_WINDOW, submittedThrough }, CONTEXT);
    expect(move).toMatchObject({ from: 'pending', to: 'pending', attempts: 0, possiblySent: false });
    expect(move.followUp).toEqual({ purpose: 'submit', tries: 2, deaths: 1, dueInMs: 0, size: null });
  });

  it('is pending on the book rail: what was not recorded did not happen', () => {
    const move = decideLostLease(LINE, { ...WHOLE_WINDOW, isBook: true }, CONTEXT);
    expect(move).toMatchObject({ to: 'pending', possiblySent: false, followUp: { purpose: 'submit' } });
  });

  it.each(['inquire', 'confirm'] as const)('keeps its state when it was only asked about (%s)', (purpose) => {
    for (const status of ['in_doubt', 'submitted'] as const) {
      const asked = { ...LINE, status, attempts: 1, possiblySent: true };
      const move = decideLostLease(asked, { purpose, isBook: false, submittedThrough: null }, CONTEXT);
      expect(move).toMatchObject({ from: status, to: status, attempts: 1, followUp: { purpose, tries: 2, deaths: 1 } });
    }
  });
});

describe('deaths on the same lines', () => {
  it('split their chunk from the second one on, to corner whatever kills the workers', () => {
    const sizeAfter = (deaths: number) => decideLostLease(LINE, WHOLE_WINDOW, { ...CONTEXT, deaths }).followUp?.size;
    expect([sizeAfter(0), sizeAfter(1), sizeAfter(2)]).toEqual([null, 10, 10]);
  });

  it('quarantine a line that is all by itself at the third, and not one in company', () => {
    const after = (deaths: number, lineCount: number) =>
      decideLostLease(LINE, WHOLE_WINDOW, { ...CONTEXT, deaths, lineCount }).to;
    expect([after(1, 1), after(2, 1), after(2, 2)]).toEqual(['in_doubt', 'manual_review', 'in_doubt']);
  });

  it('quarantine a line of the window as possibly sent, and one that never left as unsent', () => {
    const alone = { ...CONTEXT, deaths: 2, lineCount: 1 };
    const inWindow = decideLostLease(LINE, WHOLE_WINDOW, alone);
    expect(inWindow).toMatchObject({ from: 'pending', to: 'manual_review', possiblySent: true, followUp: null });
    const onBook = decideLostLease(LINE, { ...WHOLE_WINDOW, isBook: true }, alone);
    expect(onBook).toMatchObject({ to: 'manual_review', possiblySent: false });
  });
});
