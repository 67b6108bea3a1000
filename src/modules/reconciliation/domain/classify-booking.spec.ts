import { type BookedTransfer, classifyBooking, type ComparedBooking } from './classify-booking.js';

const SETTLED_AT = new Date('2026-11-20T10:00:00.000Z');
const transfer = (values: Partial<BookedTransfer> = {}): BookedTransfer => ({
  rail: 'http',
  status: 'settled',
  amountMinor: 10_000n,
  currency: 'EUR',
  settledAt: SETTLED_AT,
  ...values,
});
const booking = (values: Partial<ComparedBooking> = {}): ComparedBooking => ({
  railId: 'B-1',
  rail: 'http',
  status: 'settled',
  reference: '0198f2c17f3a7c318b0e1d2f3a4b5c6d',
  amountMinor: 10_000n,
  currency: 'EUR',
  bookedAt: SETTLED_AT,
  transfer: transfer(),
  earlier: 0,
  isEvidence: false,
  ...values,
});
const classOf = (values: Partial<ComparedBooking>): string => {
  const verdict = classifyBooking(booking(values));
  return verdict.outcome === 'break' ? verdict.class : verdict.outcome;
};

describe('a booking on a statement', () => {
  it.each<[ComparedBooking['status'], string, string]>([
    ['settled', 'settled', 'matched'],
    ['settled', 'returned', 'matched'],
    ['returned', 'returned', 'matched'],
    ['rejected', 'failed', 'matched'],
    ['rejected', 'cancelled', 'matched'],
    // What is open ends by it.
    ['settled', 'in_doubt', 'evidence'],
    ['settled', 'submitted', 'evidence'],
    ['settled', 'manual_review', 'evidence'],
    ['settled', 'pending', 'evidence'],
    ['rejected', 'in_doubt', 'evidence'],
    ['rejected', 'manual_review', 'evidence'],
    // What is final moves on by it, or is contradicted: the engine decides.
    ['returned', 'settled', 'evidence'],
    ['returned', 'in_doubt', 'evidence'],
    ['rejected', 'settled', 'evidence'],
    ['rejected', 'returned', 'evidence'],
    ['settled', 'failed', 'evidence'],
    ['settled', 'cancelled', 'evidence'],
    ['returned', 'failed', 'evidence'],
  ])('%s about a transfer that is %s: %s', (status, ours, outcome) => {
    expect(classOf({ status, transfer: transfer({ status: ours }) })).toBe(outcome);
  });

  it('is given to the engine once', () => {
    expect(classOf({ transfer: transfer({ status: 'failed' }), isEvidence: true })).toBe('known');
  });

  it('of a reference that is none of ours is missing here, however the bank spells it', () => {
    const lower = classifyBooking(booking({ transfer: null, reference: 'abc-1' }));
    expect(lower).toMatchObject({ outcome: 'break', class: 'missing_here', dedupeKey: 'missing_here:http:abc-1' });
    expect(classifyBooking(booking({ transfer: null, reference: 'ABC-1', railId: 'B-2' }))).toMatchObject({
      dedupeKey: 'missing_here:http:abc-1',
    });
  });

  it('of a transfer that went another way is missing here, too', () => {
    expect(classifyBooking(booking({ transfer: transfer({ rail: 'book' }) }))).toMatchObject({
      class: 'missing_here',
      expected: 'Nothing on this rail: the transfer is paid through book',
    });
  });

  it.each<Partial<ComparedBooking>>([
    { amountMinor: 10_001n },
    { currency: 'USD' },
    { amountMinor: 1n, status: 'returned', transfer: transfer({ status: 'returned' }) },
    { amountMinor: 1n, status: 'rejected', transfer: transfer({ status: 'in_doubt' }) },
  ])('with another amount or currency is a break: %o', (values) => {
    expect(classOf(values)).toBe('amount');
  });

  it('with another amount is never evidence: it would end the doubt about a payment that we did not ask for', () => {
    expect(classOf({ amountMinor: 9_999n, transfer: transfer({ status: 'in_doubt' }) })).toBe('amount');
    expect(classOf({ amountMinor: 9_999n, transfer: transfer({ status: 'failed' }) })).toBe('amount');
  });

  it('is a duplicate when another one came before it, whatever its amount and our state', () => {
    expect(classOf({ earlier: 1 })).toBe('duplicate');
    expect(classOf({ earlier: 1, amountMinor: 5n })).toBe('duplicate');
    expect(classOf({ earlier: 1, transfer: transfer({ status: 'in_doubt' }) })).toBe('duplicate');
    expect(classOf({ earlier: 1, status: 'returned', transfer: transfer({ status: 'returned' }) })).toBe('duplicate');
    expect(classOf({ earlier: 1, status: 'rejected', transfer: transfer({ status: 'failed' }) })).toBe('matched');
  });

  it('that is one too many is a case of its own, whichever of them it is', () => {
    const keys = [1, 2].map((earlier) => classifyBooking(booking({ earlier, railId: `B-${earlier}` })));
    expect(keys).toMatchObject([
      { dedupeKey: 'duplicate:http:0198f2c17f3a7c318b0e1d2f3a4b5c6d:settled:2' },
      { dedupeKey: 'duplicate:http:0198f2c17f3a7c318b0e1d2f3a4b5c6d:settled:3' },
    ]);
  });

  it('is late when it is more than a day after we settled', () => {
    const after = (ms: number): Date => new Date(SETTLED_AT.getTime() + ms);
    expect(classOf({ bookedAt: after(86_400_000) })).toBe('matched');
    expect(classOf({ bookedAt: after(86_400_001) })).toBe('late');
    expect(classOf({ bookedAt: after(-86_400_001) })).toBe('matched');
    expect(
      classOf({ status: 'returned', bookedAt: after(500_000_000), transfer: transfer({ status: 'returned' }) }),
    ).toBe('matched');
  });

  it('is told in words an operator reads, also in a currency that we do not carry', () => {
    expect(classifyBooking(booking({ amountMinor: 12_345n }))).toMatchObject({
      expected: 'settled, 100.00 EUR',
      found: 'settled 123.45 EUR, booking B-1 of 2026-11-20T10:00:00.000Z',
    });
    expect(classifyBooking(booking({ currency: 'XTS' }))).toMatchObject({
      found: 'settled 10000 minor units of XTS, booking B-1 of 2026-11-20T10:00:00.000Z',
    });
  });
});
