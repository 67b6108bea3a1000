import fc from 'fast-check';
import { isBalanced, LineSummation, type ProofFacts, reservationOf, type Sum } from './proof.js';

type Line = { status: string; amountMinor: bigint };

const STATUSES = [
  'pending',
  'submitting',
  'submitted',
  'in_doubt',
  'manual_review',
  'settled',
  'failed',
  'cancelled',
  'returned',
];
const someLines = fc.array(
  fc.record({ status: fc.constantFrom(...STATUSES), amountMinor: fc.bigInt({ min: 1n, max: 10n ** 15n }) }),
  { minLength: 1, maxLength: 30 },
);
const sumOf = (lines: readonly Line[], ...statuses: string[]): Sum => {
  const counted = lines.filter(({ status }) => statuses.includes(status));
  return { count: counted.length, sumMinor: counted.reduce((sum, { amountMinor }) => sum + amountMinor, 0n) };
};

/** Books as they are when nothing went wrong. */
function rightBooks(lines: readonly Line[], isReversal = false): ProofFacts {
  const sums = new LineSummation();
  for (const line of lines) sums.add(line);
  const paid = sumOf(lines, 'settled', 'returned');
  const returned = sumOf(lines, 'returned');
  const total = sumOf(lines, ...STATUSES).sumMinor;
  const released = sumOf(lines, 'failed', 'cancelled').sumMinor;
  const booked = new Map<string, Sum>();
  if (paid.count > 0) booked.set(isReversal ? 'reversal' : 'settlement', paid);
  if (returned.count > 0) booked.set('return', returned);
  const hold = { amountMinor: total, capturedMinor: paid.sumMinor, releasedMinor: released };
  return {
    isReversal,
    transferCount: lines.length,
    totalMinor: total,
    hold: isReversal ? null : hold,
    lines: sums,
    booked,
  };
}

const MIXED: readonly Line[] = [
  { status: 'settled', amountMinor: 100n },
  { status: 'returned', amountMinor: 20n },
  { status: 'failed', amountMinor: 30n },
  { status: 'cancelled', amountMinor: 4n },
  { status: 'in_doubt', amountMinor: 500n },
];

describe('what was reserved', () => {
  it('is what was settled, released and is open; settled includes what came back', () => {
    expect(reservationOf(rightBooks(MIXED))).toEqual({
      reservedMinor: 654n,
      settledMinor: 120n,
      releasedMinor: 34n,
      openMinor: 500n,
    });
  });

  it('adds up whatever became of the lines', () => {
    fc.assert(
      fc.property(someLines, fc.boolean(), (lines, isReversal) => {
        const { reservedMinor, settledMinor, releasedMinor, openMinor } = reservationOf(rightBooks(lines, isReversal));
        expect(reservedMinor).toBe(settledMinor + releasedMinor + openMinor);
      }),
    );
  });

  it('is nothing for a bulk that takes payments back', () => {
    expect(reservationOf(rightBooks(MIXED, true))).toEqual({
      reservedMinor: 0n,
      settledMinor: 0n,
      releasedMinor: 0n,
      openMinor: 0n,
    });
  });

  it('does not hide a hold that is missing', () => {
    expect(reservationOf({ ...rightBooks(MIXED), hold: null })).toMatchObject({
      reservedMinor: 0n,
      settledMinor: 120n,
    });
  });
});

describe('a balanced bulk', () => {
  it('is one whose lines, hold and ledger agree', () => {
    fc.assert(
      fc.property(someLines, fc.boolean(), (lines, isReversal) => {
        expect(isBalanced(rightBooks(lines, isReversal))).toBe(true);
      }),
    );
  });

  it('may have money in suspense, or on its way to another organization', () => {
    const right = rightBooks(MIXED);
    const booked = new Map(right.booked)
      .set('suspense', { count: 1, sumMinor: 30n })
      .set('book_delivery', { count: 1, sumMinor: 100n });
    expect(isBalanced({ ...right, booked })).toBe(true);
  });

  const right = rightBooks(MIXED);
  const hold = (change: object): ProofFacts => ({ ...right, hold: right.hold && { ...right.hold, ...change } });
  const booked = (kind: string, count: number, sumMinor: bigint): ProofFacts => ({
    ...right,
    booked: new Map(right.booked).set(kind, { count, sumMinor }),
  });
  it.each<[string, ProofFacts]>([
    ['a line is missing', { ...right, transferCount: 6 }],
    ['the lines are not the total that was accepted', { ...right, totalMinor: 655n }],
    ['there is no hold', { ...right, hold: null }],
    ['the hold is of another amount', hold({ amountMinor: 655n })],
    ['more left the hold than was paid', hold({ capturedMinor: 121n })],
    ['less was released than ended unpaid', hold({ releasedMinor: 33n })],
    ['a payment is not booked', booked('settlement', 1, 100n)],
    ['a payment is booked with another amount', booked('settlement', 2, 121n)],
    ['as much is booked, in another number of entries', booked('settlement', 3, 120n)],
    ['what came back is not booked', booked('return', 0, 0n)],
    ['more came back than returned lines', booked('return', 2, 40n)],
    ['it is booked as taking money back too', booked('reversal', 1, 100n)],
  ])('is not one when %s', (_, facts) => {
    expect(isBalanced(facts)).toBe(false);
  });

  const reversal = rightBooks(MIXED, true);
  it.each<[string, ProofFacts]>([
    ['reserved money', { ...reversal, hold: right.hold }],
    ['is booked as a payment', { ...reversal, booked: right.booked }],
    ['is not booked', { ...reversal, booked: new Map() }],
  ])('that takes payments back is not one when it %s', (_, facts) => {
    expect(isBalanced(facts)).toBe(false);
  });
});
