import fc from 'fast-check';
import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';
import { decideCancel } from './decide-cancel.js';
import { decideEvidence } from './decide-evidence.js';
import { decideInquiry } from './decide-inquiry.js';
import { decideLostLease } from './decide-lost-lease.js';
import { type DecisionContext, decideSubmission, notSent } from './decide-submission.js';
import type { Line, Move } from './line.js';
import { planRecord } from './plan-record.js';
import { type StoredTransferStatus, storedStatus, transferStates } from './transfer.state.js';

/*
 * Rules that hold for every decision the engine takes, whatever it is about.
 */

const outcomes = fc.constantFrom<PaymentOutcome>(
  { kind: 'settled', railId: 'r1' },
  { kind: 'accepted', railId: 'r1' },
  { kind: 'rejected', code: 'AC04', detail: null },
  { kind: 'not_accepted', code: 'busy', detail: null },
  { kind: 'unknown', code: 'timeout', detail: null },
);
const answers = fc.constantFrom<PaymentAnswer>(
  { kind: 'settled', railId: 'r1' },
  { kind: 'accepted', railId: 'r1' },
  { kind: 'rejected', code: 'AC04', detail: null },
  { kind: 'not_found' },
  { kind: 'unknown', code: 'timeout', detail: null },
);
const contexts: fc.Arbitrary<DecisionContext> = fc.record({
  tries: fc.nat({ max: 400 }),
  deaths: fc.nat({ max: 5 }),
  lineCount: fc.integer({ min: 1, max: 500 }),
  backoff: fc.constant({ baseMs: 1_000, maxMs: 900_000 }),
  maxAttempts: fc.integer({ min: 1, max: 5 }),
  visibilityHorizonMs: fc.nat({ max: 60_000 }),
  waitedMs: fc.nat({ max: 200_000_000 }),
  deadlines: fc.constant({ inDoubtMs: 3_600_000, submittedMs: 86_400_000 }),
  deduplicates: fc.boolean(),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

const line = <S extends Line['status']>(...statuses: S[]): fc.Arbitrary<Line & { status: S }> =>
  fc.record({
    id: fc.uuid({ version: 7 }),
    line: fc.nat({ max: 500 }),
    status: fc.constantFrom(...statuses),
    attempts: fc.nat({ max: 6 }),
    possiblySent: fc.boolean(),
    amountMinor: fc.bigInt({ min: 1n, max: 10n ** 15n }),
  });
/** What was asked about has been sent. */
const asked = line('in_doubt', 'submitted').map((of) => ({ ...of, possiblySent: true }));

interface Decided {
  readonly move: Move;
  /** The rail itself rejected the reference. */
  readonly rejected: boolean;
}

const submissions: fc.Arbitrary<Decided> = fc
  .tuple(line('pending'), outcomes, contexts)
  .map(([of, outcome, context]) => ({
    move: decideSubmission(of, outcome, context),
    rejected: outcome.kind === 'rejected',
  }));
const inquiries: fc.Arbitrary<Decided> = fc
  .tuple(asked, answers, fc.constantFrom('inquire' as const, 'confirm' as const), contexts)
  .map(([of, answer, purpose, context]) => ({
    move: decideInquiry(of, answer, purpose, context),
    rejected: answer.kind === 'rejected',
  }));
const lostSubmissions: fc.Arbitrary<Decided> = fc
  .tuple(line('pending'), fc.boolean(), fc.option(fc.nat({ max: 500 })), contexts)
  .map(([of, isBook, submittedThrough, context]) => ({
    move: decideLostLease(of, { purpose: 'submit', isBook, submittedThrough }, context),
    rejected: false,
  }));
const lostInquiries: fc.Arbitrary<Decided> = fc
  .tuple(asked, fc.constantFrom('inquire' as const, 'confirm' as const), contexts)
  .map(([of, purpose, context]) => ({
    move: decideLostLease(of, { purpose, isBook: false, submittedThrough: null }, context),
    rejected: false,
  }));
const stops: fc.Arbitrary<Decided> = fc
  .tuple(line('pending'), fc.boolean(), contexts)
  .map(([of, isReached, context]) => ({
    move: isReached ? decideCancel(of) : notSent(of, 5, context),
    rejected: false,
  }));
const notices: fc.Arbitrary<Decided | null> = fc
  .record({
    transfer: fc.record({
      id: fc.uuid({ version: 7 }),
      line: fc.nat({ max: 500 }),
      status: fc.constantFrom<StoredTransferStatus>(
        ...transferStates.states.filter((state): state is StoredTransferStatus => state !== 'submitting'),
      ),
      attempts: fc.nat({ max: 6 }),
      possiblySent: fc.boolean(),
      amountMinor: fc.bigInt({ min: 1n, max: 10n ** 15n }),
    }),
    said: fc.constantFrom('accepted' as const, 'settled' as const, 'rejected' as const, 'returned' as const),
  })
  .map(({ transfer, said }) => {
    const verdict = decideEvidence(transfer, { status: said, reasonCode: null, railId: null });
    const move = 'move' in verdict ? verdict.move : null;
    return move ? { move, rejected: said === 'rejected' } : null;
  });

const decisions: fc.Arbitrary<Decided> = fc
  .oneof(submissions, inquiries, lostSubmissions, lostInquiries, stops, notices)
  .filter((decided): decided is Decided => decided !== null);
/** Those that end a chunk: its lines need somewhere to go. Evidence leaves a line where it is. */
const chunkDecisions = fc.oneof(submissions, inquiries, lostSubmissions, lostInquiries, stops);

const RUNS = { numRuns: 2_000 };

describe('every decision', () => {
  it('moves along the graph of states, from the state the line is stored in', () => {
    fc.assert(
      fc.property(decisions, ({ move }) => {
        if (move.from !== move.to) expect(transferStates.canMove(move.from, move.to)).toBe(true);
        expect(storedStatus(move.from)).toBe(move.line.status);
      }),
      RUNS,
    );
  });

  it('ends a line that was possibly sent as unpaid only when the rail rejected it', () => {
    fc.assert(
      fc.property(decisions, ({ move, rejected }) => {
        const endsUnpaid = move.to === 'failed' || move.to === 'cancelled';
        if (endsUnpaid && (move.line.possiblySent || move.possiblySent)) expect(rejected).toBe(true);
      }),
      RUNS,
    );
  });

  it('never forgets that a line was possibly sent, and never takes an attempt back', () => {
    fc.assert(
      fc.property(decisions, ({ move }) => {
        if (move.line.possiblySent) expect(move.possiblySent).toBe(true);
        expect(move.attempts - move.line.attempts).toBeGreaterThanOrEqual(0);
        expect(move.attempts - move.line.attempts).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });

  it('marks what the rail may hold as possibly sent', () => {
    fc.assert(
      fc.property(decisions, ({ move }) => {
        if (move.to === 'in_doubt' || move.to === 'submitted') expect(move.possiblySent).toBe(true);
      }),
      RUNS,
    );
  });

  it('can be recorded', () => {
    fc.assert(
      fc.property(decisions, ({ move }) => {
        expect(() => planRecord([move], { id: null, rail: 'sandbox', lineCount: 0 })).not.toThrow();
      }),
      RUNS,
    );
  });
});

describe('every decision that ends a chunk', () => {
  it('says where an open line goes next, and that an ended one goes nowhere', () => {
    fc.assert(
      fc.property(chunkDecisions, ({ move }) => {
        const waitsForPerson = move.to === 'manual_review';
        expect(move.followUp === null).toBe(transferStates.isTerminal(move.to) || waitsForPerson);
      }),
      RUNS,
    );
  });

  it('sends again only what is pending, and asks only about what is not', () => {
    fc.assert(
      fc.property(chunkDecisions, ({ move }) => {
        if (move.followUp) expect(move.followUp.purpose === 'submit').toBe(move.to === 'pending');
      }),
      RUNS,
    );
  });
});
