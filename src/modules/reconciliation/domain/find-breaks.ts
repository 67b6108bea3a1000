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

/** Money that came back to an account that is closed, or for the second time, and so lies on suspense. */
export interface StrandedReturn extends BookedSettlement {
  readonly entryId: string;
  readonly rail: string;
  /** A reversal took the payment back, and its bank returned it. */
  readonly cameBackTwice: boolean;
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

/** Nobody contradicts anybody, but only a person can say where this money goes. */
export function strandedReturn(stranded: StrandedReturn, { runId }: Pick<FindingContext, 'runId'>): NewBreak {
  const { entryId, rail, organizationId, bulkId, transferId, amountMinor, currency, bookedAt } = stranded;
  const why = stranded.cameBackTwice ? 'The payment came back twice' : 'The debtor account is closed';
  return {
    organizationId,
    rail,
    class: 'status',
    source: 'statement',
    runId,
    bulkId,
    transferId,
    reference: railReference(transferId),
    amountMinor,
    currency,
    expected: `${amountText(amountMinor, currency)} back on the debtor account`,
    found: `${why}: on suspense since ${bookedAt.toISOString()}`,
    suspenseMinor: amountMinor,
    dedupeKey: `stranded:${entryId}`,
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
