import { amountText, type BreakClass } from './break.js';

const LATE_AFTER_MS = 86_400_000;

export type BookingStatus = 'settled' | 'rejected' | 'returned';

/** One line of a rail's statement. */
export interface Booking {
  /** The rail's own id. */
  readonly railId: string;
  readonly status: BookingStatus;
  readonly reference: string;
  readonly amountMinor: bigint;
  /** ISO 4217. */
  readonly currency: string;
  readonly bookedAt: Date;
}

/** The transfer a booking names, as our books have it. */
export interface BookedTransfer {
  readonly rail: string;
  readonly status: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly settledAt: Date | null;
}

/** A booking beside what we know about it. */
export interface ComparedBooking extends Booking {
  /** Whose statement it is on. */
  readonly rail: string;
  /** Null when the reference is none of ours. */
  readonly transfer: BookedTransfer | null;
  /** Bookings of the same transfer and status, with other ids, that came before it. */
  readonly earlier: number;
  /** An earlier look gave it to the engine. */
  readonly isEvidence: boolean;
}

export type BookingVerdict =
  /** Books and statement agree. */
  | { readonly outcome: 'matched' }
  /** Nothing to do: the engine has it already, and decides. */
  | { readonly outcome: 'known' }
  /** The rail's word decides what is open, and what it contradicts is told by the engine: it goes to the evidence inbox. */
  | { readonly outcome: 'evidence' }
  | {
      readonly outcome: 'break';
      readonly class: BreakClass;
      readonly expected: string;
      readonly found: string;
      readonly dedupeKey: string;
    };

/**
 * What follows from one line of a statement. The order matters: what is paid twice, or with another amount, is never evidence, for it
 * would end a transfer by a payment that is not the one we asked for.
 */
export function classifyBooking(booking: ComparedBooking): BookingVerdict {
  const { transfer, rail, earlier } = booking;
  if (transfer === null || transfer.rail !== rail) return missingHere(booking);
  if (earlier > 0 && booking.status !== 'rejected') return duplicate(booking, transfer);
  if (booking.amountMinor !== transfer.amountMinor || booking.currency !== transfer.currency) {
    return amountDiffers(booking, transfer);
  }
  if (!agrees(booking.status, transfer.status)) return { outcome: booking.isEvidence ? 'known' : 'evidence' };
  if (isLate(booking, transfer)) return late(booking, transfer);
  return { outcome: 'matched' };
}

/** A returned transfer was settled before: both bookings are its own. */
export const AGREEING_STATUSES: Readonly<Record<BookingStatus, readonly string[]>> = {
  settled: ['settled', 'returned'],
  rejected: ['failed', 'cancelled'],
  returned: ['returned'],
};

const agrees = (booked: BookingStatus, ours: string): boolean => AGREEING_STATUSES[booked].includes(ours);

const isLate = ({ status, bookedAt }: Booking, { settledAt }: BookedTransfer): boolean =>
  status === 'settled' && settledAt !== null && bookedAt.getTime() - settledAt.getTime() > LATE_AFTER_MS;

/** One case per reference, whoever speaks of it: a statement here, a callback in {@link missingHereKey}'s other user. */
export const missingHereKey = (rail: string, reference: string): string =>
  `missing_here:${rail}:${reference.toLowerCase()}`;

/** @param transferRail the rail that pays the transfer with that reference, or null when there is none */
export const expectedOfStranger = (transferRail: string | null): string =>
  transferRail === null
    ? 'Nothing: no transfer of ours has this reference'
    : `Nothing on this rail: the transfer is paid through ${transferRail}`;

export const bookingText = ({ status, amountMinor, currency, railId, bookedAt }: Booking): string =>
  `${status} ${amountText(amountMinor, currency)}, booking ${railId} of ${bookedAt.toISOString()}`;

const transferText = ({ status, amountMinor, currency }: BookedTransfer): string =>
  `${status}, ${amountText(amountMinor, currency)}`;

function missingHere(booking: ComparedBooking): BookingVerdict {
  const { rail, reference, transfer } = booking;
  const expected = expectedOfStranger(transfer?.rail ?? null);
  const dedupeKey = missingHereKey(rail, reference);
  return { outcome: 'break', class: 'missing_here', expected, found: bookingText(booking), dedupeKey };
}

function duplicate(booking: ComparedBooking, transfer: BookedTransfer): BookingVerdict {
  const { rail, reference, status, earlier } = booking;
  return {
    outcome: 'break',
    class: 'duplicate',
    expected: `Booked once: ${transferText(transfer)}`,
    found: `Booked once more: ${bookingText(booking)}`,
    // By number, not by id: which of several bookings counts as the surplus one may change with what is imported later.
    dedupeKey: `duplicate:${rail}:${reference.toLowerCase()}:${status}:${earlier + 1}`,
  };
}

function amountDiffers(booking: ComparedBooking, transfer: BookedTransfer): BookingVerdict {
  const { rail, railId, status } = booking;
  const dedupeKey = `amount:${rail}:${railId}:${status}`;
  return {
    outcome: 'break',
    class: 'amount',
    expected: transferText(transfer),
    found: bookingText(booking),
    dedupeKey,
  };
}

function late(booking: ComparedBooking, transfer: BookedTransfer): BookingVerdict {
  const { rail, railId, status } = booking;
  return {
    outcome: 'break',
    class: 'late',
    expected: `${transferText(transfer)}, since ${transfer.settledAt?.toISOString() ?? 'never'}`,
    found: bookingText(booking),
    dedupeKey: `late:${rail}:${railId}:${status}`,
  };
}
