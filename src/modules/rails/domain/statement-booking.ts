import { isCurrency } from '../../../domain/currency.js';
import { parseAmount } from '../../../domain/money.js';
import { TEXT_PATTERN } from '../../../domain/text.js';
import type { RailBooking } from './rail.js';

const MAX_TEXT_LENGTH = 255;
const TEXT = new RegExp(TEXT_PATTERN, 'u');
/** RFC 3339: always with seconds and a zone, or nobody knows when it was. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const STATUSES: ReadonlySet<unknown> = new Set(['settled', 'rejected', 'returned']);

/** What the bank calls a statement is none, or not all of it. The message names the line, never what is in it. */
export class StatementUnreadable extends Error {
  override readonly name = 'StatementUnreadable';

  constructor(problem: string) {
    super(`The statement of the rail cannot be read: ${problem}.`);
  }
}

/**
 * One line of a statement.
 *
 * @param index of the line in the statement, from 0
 * @throws StatementUnreadable
 */
export function readBooking(value: unknown, index: number): RailBooking {
  const line = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const { rail_id: railId, reference, currency, status } = line;
  const unusable = (field: string) => new StatementUnreadable(`line ${index} has no usable ${field}`);
  if (!isText(railId)) throw unusable('rail_id');
  if (!isText(reference)) throw unusable('reference');
  if (typeof currency !== 'string' || !isCurrency(currency)) throw unusable('currency');
  const amount = typeof line.amount === 'string' ? parseAmount(line.amount, currency) : null;
  if (!amount?.ok) throw unusable('amount');
  if (!isStatus(status)) throw unusable('status');
  const bookedAt = typeof line.booked_at === 'string' && INSTANT.test(line.booked_at) ? new Date(line.booked_at) : null;
  if (!bookedAt || Number.isNaN(bookedAt.getTime())) throw unusable('booked_at');
  return { railId, reference, amountMinor: amount.minor, currency, status, bookedAt };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= MAX_TEXT_LENGTH && TEXT.test(value);
}

function isStatus(value: unknown): value is RailBooking['status'] {
  return STATUSES.has(value);
}
