import { decideInquiry } from './decide-inquiry.js';
import type { DecisionContext } from './decide-submission.js';
import type { Line } from './line.js';

type Asked = Line & { status: 'in_doubt' | 'submitted' };

const DOUBTED: Asked = { id: 'a', line: 3, status: 'in_doubt', attempts: 1, possiblySent: true, amountMinor: 100n };
const SUBMITTED: Asked = { ...DOUBTED, status: 'submitted' };
const CONTEXT: DecisionContext = {
  tries: 0,
  deaths: 1,
  lineCount: 100,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  maxAttempts: 3,
  visibilityHorizonMs: 7_000,
  waitedMs: 0,
  deadlines: { inDoubtMs: 3_600_000, submittedMs: 86_400_000 },
  deduplicates: true,
  random: 0.5,
};
const NOT_FOUND = { kind: 'not_found' } as const;
const UNKNOWN = { kind: 'unknown', code: 'timeout', detail: null } as const;

describe('what the rail knows of a line is adopted', () => {
  it.each([DOUBTED, SUBMITTED])('executed: settled ($status)', (line) => {
    expect(decideInquiry(line, { kind: 'settled', railId: 'r1' }, 'inquire', CONTEXT)).toMatchObject({
      from: line.status,
      to: 'settled',
      source: 'inquiry',
      attempts: 1,
      railId: 'r1',
      followUp: null,
    });
  });

  it.each([DOUBTED, SUBMITTED])('rejected: failed ($status)', (line) => {
    const rejected = { kind: 'rejected', code: 'AC04', detail: 'Closed' } as const;
    expect(decideInquiry(line, rejected, 'confirm', CONTEXT)).toMatchObject({
      to: 'failed',
      code: 'AC04',
      followUp: null,
    });
  });

  it.each([DOUBTED, SUBMITTED])('accepted: asked again later ($status)', (line) => {
    const move = decideInquiry(line, { kind: 'accepted', railId: 'r1' }, 'confirm', { ...CONTEXT, tries: 2 });
    expect(move).toMatchObject({ to: 'submitted', railId: 'r1' });
    expect(move.followUp).toEqual({ purpose: 'inquire', tries: 3, deaths: 1, dueInMs: 4_000, size: null });
  });
});

describe('a line the rail does not know', () => {
  it('is asked about once more after the visibility horizon, and not sent before', () => {
    const move = decideInquiry(DOUBTED, NOT_FOUND, 'inquire', CONTEXT);
    expect(move).toMatchObject({ to: 'in_doubt', code: 'not_found' });
    expect(move.followUp).toEqual({ purpose: 'confirm', tries: 0, deaths: 1, dueInMs: 7_000, size: null });
  });

  it('goes out again when it is still not known then, in chunks a tenth the size', () => {
    const move = decideInquiry(DOUBTED, NOT_FOUND, 'confirm', CONTEXT);
    expect(move).toMatchObject({ from: 'in_doubt', to: 'pending', possiblySent: true, attempts: 1 });
    expect(move.followUp).toEqual({ purpose: 'submit', tries: 0, deaths: 1, dueInMs: 0, size: 10 });
  });

  it('is never sent again to a rail that does not deduplicate', () => {
    const move = decideInquiry(DOUBTED, NOT_FOUND, 'confirm', { ...CONTEXT, deduplicates: false });
    expect(move).toMatchObject({ to: 'manual_review', followUp: null });
  });

  it('is not sent beyond its attempts', () => {
    expect(decideInquiry({ ...DOUBTED, attempts: 2 }, NOT_FOUND, 'confirm', CONTEXT).to).toBe('pending');
    expect(decideInquiry({ ...DOUBTED, attempts: 3 }, NOT_FOUND, 'confirm', CONTEXT).to).toBe('manual_review');
  });

  it('though it accepted it once, is in doubt and confirmed first', () => {
    for (const purpose of ['inquire', 'confirm'] as const) {
      const move = decideInquiry(SUBMITTED, NOT_FOUND, purpose, CONTEXT);
      expect(move).toMatchObject({ from: 'submitted', to: 'in_doubt', followUp: { purpose: 'confirm' } });
    }
  });
});

describe('an inquiry that brings no answer', () => {
  it('keeps the line as it is and its purpose, and backs off', () => {
    const move = decideInquiry(DOUBTED, UNKNOWN, 'confirm', { ...CONTEXT, tries: 1 });
    expect(move).toMatchObject({ from: 'in_doubt', to: 'in_doubt', code: 'timeout' });
    expect(move.followUp).toEqual({ purpose: 'confirm', tries: 2, deaths: 1, dueInMs: 2_000, size: null });
  });

  it('hands a line to a person when the deadline of its state has passed', () => {
    const { inDoubtMs, submittedMs } = CONTEXT.deadlines;
    const after = (line: Asked, waitedMs: number) =>
      decideInquiry(line, UNKNOWN, 'inquire', { ...CONTEXT, waitedMs, tries: 1_000 }).to;
    expect([after(DOUBTED, inDoubtMs - 1), after(DOUBTED, inDoubtMs)]).toEqual(['in_doubt', 'manual_review']);
    expect([after(SUBMITTED, submittedMs - 1), after(SUBMITTED, submittedMs)]).toEqual(['submitted', 'manual_review']);
  });

  it('hands over a line the rail keeps calling accepted, too', () => {
    const accepted = { kind: 'accepted', railId: 'r1' } as const;
    expect(
      decideInquiry(SUBMITTED, accepted, 'inquire', { ...CONTEXT, waitedMs: CONTEXT.deadlines.submittedMs }),
    ).toMatchObject({
      to: 'manual_review',
      followUp: null,
    });
  });
});
