import { type DecisionContext, decideSubmission, firstInquiry } from './decide-submission.js';
import type { Line } from './line.js';

const LINE: Line = { id: 'a', line: 3, status: 'pending', attempts: 0, possiblySent: false, amountMinor: 100n };
const CONTEXT: DecisionContext = {
  tries: 0,
  deaths: 1,
  lineCount: 100,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  maxAttempts: 3,
  visibilityHorizonMs: 60_000,
  waitedMs: 0,
  deadlines: { inDoubtMs: 3_600_000, submittedMs: 86_400_000 },
  deduplicates: true,
  random: 0.5,
};
const BUSY = { kind: 'not_accepted', code: 'busy', detail: 'Come back later' } as const;

describe('a line that was held back on our side', () => {
  it('stays pending, due when the rail may be asked again, without having used up an attempt or a try', () => {
    const held = { kind: 'not_sent', code: 'circuit_open', detail: null, retryAfterMs: 9_000 } as const;
    const move = decideSubmission({ ...LINE, attempts: 2 }, held, { ...CONTEXT, tries: 4 });
    expect(move).toMatchObject({ from: 'pending', to: 'pending', attempts: 2, possiblySent: false, code: null });
    expect(move.followUp).toEqual({ purpose: 'submit', tries: 4, deaths: 1, dueInMs: 9_000, size: null });
  });
});

describe('a line that was handed to its rail', () => {
  it('is settled when the rail says so, under the id the rail gave it', () => {
    expect(decideSubmission(LINE, { kind: 'settled', railId: 'r1' }, CONTEXT)).toEqual({
      line: LINE,
      from: 'submitting',
      to: 'settled',
      source: 'submission',
      attempts: 1,
      possiblySent: true,
      code: null,
      detail: null,
      railId: 'r1',
      followUp: null,
    });
  });

  it('is submitted when the rail only took it, and asked about soon', () => {
    expect(decideSubmission(LINE, { kind: 'accepted', railId: 'r1' }, CONTEXT)).toMatchObject({
      to: 'submitted',
      possiblySent: true,
      railId: 'r1',
      followUp: { purpose: 'inquire', tries: 0, deaths: 1, dueInMs: 500, size: null },
    });
  });

  it('fails for good on a rejection, whatever it went through before', () => {
    const rejected = { kind: 'rejected', code: 'AC04', detail: 'Closed' } as const;
    for (const possiblySent of [false, true]) {
      expect(decideSubmission({ ...LINE, possiblySent }, rejected, CONTEXT)).toMatchObject({
        to: 'failed',
        code: 'AC04',
        detail: 'Closed',
        possiblySent,
        followUp: null,
      });
    }
  });

  it('is in doubt when no usable answer came: from now on only the rail ends it', () => {
    expect(decideSubmission(LINE, { kind: 'unknown', code: 'timeout', detail: null }, CONTEXT)).toMatchObject({
      to: 'in_doubt',
      attempts: 1,
      possiblySent: true,
      code: 'timeout',
      followUp: { purpose: 'inquire' },
    });
  });
});

describe('a line that was provably not taken', () => {
  it('goes out again after a backoff that grows with the tries of its chunk', () => {
    const first = decideSubmission(LINE, BUSY, CONTEXT);
    expect(first).toMatchObject({ from: 'submitting', to: 'pending', attempts: 1, possiblySent: false, code: 'busy' });
    expect(first.followUp).toEqual({ purpose: 'submit', tries: 1, deaths: 1, dueInMs: 500, size: null });
    const second = decideSubmission({ ...LINE, attempts: 1 }, BUSY, { ...CONTEXT, tries: 1 });
    expect(second.followUp).toMatchObject({ tries: 2, dueInMs: 1_000 });
  });

  it('fails when its last attempt was not taken either', () => {
    expect(decideSubmission({ ...LINE, attempts: 1 }, BUSY, CONTEXT)).toMatchObject({ to: 'pending', attempts: 2 });
    expect(decideSubmission({ ...LINE, attempts: 2 }, BUSY, CONTEXT)).toMatchObject({
      to: 'failed',
      attempts: 3,
      code: 'attempts_exhausted',
      followUp: null,
    });
  });

  it('goes to a person instead when an earlier attempt may have been executed', () => {
    expect(decideSubmission({ ...LINE, attempts: 2, possiblySent: true }, BUSY, CONTEXT)).toMatchObject({
      from: 'pending',
      to: 'manual_review',
      code: 'attempts_exhausted',
      possiblySent: true,
    });
  });
});

describe('the first inquiry', () => {
  it('comes within one backoff base and starts counting anew', () => {
    expect(firstInquiry({ ...CONTEXT, random: 0.999 })).toEqual({
      purpose: 'inquire',
      tries: 0,
      deaths: 1,
      dueInMs: 999,
      size: null,
    });
  });
});
