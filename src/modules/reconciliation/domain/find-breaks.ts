import { railReference } from '../../../domain/ids.js';
import { amountText, type NewBreak } from './break.js';
import { type Booking, bookingText } from './classify-booking.js';

/** What every break of one look at a rail has in common. */
export interface FindingContext {
  readonly rail: string;
  readonly runId: string;
}

/** Something we booked on a rail's clearing account. */
export interface BookedSettlement {
  readonly transferId: string;
  readonly organizationId: string;
  readonly bulkId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly bookedAt: Date;
}

/** A booking that reads otherwise than when it was imported first. */
export interface ChangedBooking {
  readonly organizationId: string | null;
  readonly transferId: string | null;
  readonly before: Booking;
  readonly now: Booking;
}

export function missingThere(settlement: BookedSettlement, { rail, runId }: FindingContext): NewBreak {
  const { organizationId, bulkId, transferId, amountMinor, currency, bookedAt } = settlement;
  const reference = railReference(transferId);
  return {
    organizationId,
    rail,
    class: 'missing_there',
    source: 'statement',
    runId,
    bulkId,
    transferId,
    reference,
    amountMinor,
    currency,
    expected: `Settled ${amountText(amountMinor, currency)}, booked here on ${bookedAt.toISOString()}`,
    found: 'No settled booking on the statement',
    dedupeKey: `missing_there:${rail}:${reference}`,
  };
}

/** The first import stands; that the rail tells it otherwise now is for a person. */
export function changedBooking(
  { organizationId, transferId, before, now }: ChangedBooking,
  { rail, runId }: FindingContext,
): NewBreak {
  const { railId, status, reference, amountMinor, currency } = now;
  return {
    organizationId,
    rail,
    class: 'amount',
    source: 'statement',
    runId,
    transferId,
    reference: before.reference,
    railId,
    amountMinor,
    currency,
    expected: `As imported first: ${bookingText(before)}, reference ${before.reference}`,
    found: `The rail changed it: ${bookingText(now)}, reference ${reference}`,
    dedupeKey: `changed:${rail}:${railId}:${status}:${reference}:${amountMinor}:${currency}`,
  };
}
