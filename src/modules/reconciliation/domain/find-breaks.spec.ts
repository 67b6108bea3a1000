import type { Booking } from './classify-booking.js';
import { changedBooking, missingThere, strandedReturn } from './find-breaks.js';

const CONTEXT = { rail: 'http', runId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c01' };
const AT = new Date('2026-11-20T10:00:00.000Z');
const TRANSFER_ID = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
const REFERENCE = '0198f2c17f3a7c318b0e1d2f3a4b5c6d';

it('a settlement that the statement lacks is one case per transfer', () => {
  const settlement = {
    transferId: TRANSFER_ID,
    organizationId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c02',
    bulkId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c03',
    amountMinor: 150n,
    currency: 'JPY',
    bookedAt: AT,
  };
  expect(missingThere(settlement, CONTEXT)).toEqual({
    organizationId: settlement.organizationId,
    bulkId: settlement.bulkId,
    transferId: TRANSFER_ID,
    rail: 'http',
    runId: CONTEXT.runId,
    class: 'missing_there',
    source: 'statement',
    reference: REFERENCE,
    amountMinor: 150n,
    currency: 'JPY',
    expected: 'Settled 150 JPY, booked here on 2026-11-20T10:00:00.000Z',
    found: 'No settled booking on the statement',
    dedupeKey: `missing_there:http:${REFERENCE}`,
  });
});

it('money that came back to a closed account is a case with that money', () => {
  const stranded = {
    entryId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c09',
    rail: 'book',
    transferId: TRANSFER_ID,
    organizationId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c02',
    bulkId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c03',
    amountMinor: 150n,
    currency: 'EUR',
    bookedAt: AT,
    cameBackTwice: false,
  };
  expect(strandedReturn({ ...stranded, cameBackTwice: true }, CONTEXT).found).toBe(
    'The payment came back twice: on suspense since 2026-11-20T10:00:00.000Z',
  );
  expect(strandedReturn(stranded, CONTEXT)).toMatchObject({
    rail: 'book',
    class: 'status',
    suspenseMinor: 150n,
    expected: '1.50 EUR back on the debtor account',
    found: 'The debtor account is closed: on suspense since 2026-11-20T10:00:00.000Z',
    dedupeKey: `stranded:${stranded.entryId}`,
  });
});

describe('a booking that the rail changed after it was imported', () => {
  const before: Booking = {
    railId: 'B-1',
    status: 'settled',
    reference: REFERENCE,
    amountMinor: 100n,
    currency: 'EUR',
    bookedAt: AT,
  };
  const changed = (values: Partial<Booking>) =>
    changedBooking({ organizationId: null, transferId: TRANSFER_ID, before, now: { ...before, ...values } }, CONTEXT);

  it('is told with what it was and what it is', () => {
    expect(changed({ amountMinor: 200n })).toMatchObject({
      class: 'amount',
      amountMinor: 200n,
      expected: `As imported first: settled 1.00 EUR, booking B-1 of ${AT.toISOString()}, reference ${REFERENCE}`,
      found: `The rail changed it: settled 2.00 EUR, booking B-1 of ${AT.toISOString()}, reference ${REFERENCE}`,
    });
  });

  it('is a case of its own with every change', () => {
    const keys = [{ amountMinor: 200n }, { amountMinor: 300n }, { currency: 'USD' }, { reference: 'other' }];
    expect(new Set(keys.map((values) => changed(values).dedupeKey)).size).toBe(4);
    expect(changed({ amountMinor: 200n }).dedupeKey).toBe(
      changed({ amountMinor: 200n, bookedAt: new Date(0) }).dedupeKey,
    );
  });
});
