import { currencyExponent } from '../../../domain/currency.js';
import { formatAmount } from '../../../domain/money.js';
import type { BreakStatus } from './break.state.js';

/** What kind of disagreement it is. docs/reconciliation.md explains each, and what to do. */
export const BREAK_CLASSES = [
  'missing_here', // the rail booked a reference that we do not know
  'missing_there', // we booked a settlement, and the rail's statement has none
  'amount', // the same payment with another amount or currency
  'status', // the rail contradicts a final state of ours
  'duplicate', // the rail booked the same payment twice
  'late', // the rail booked it more than a day after we did
  'invariant', // our own books do not add up
] as const;
export type BreakClass = (typeof BREAK_CLASSES)[number];

/** Who found it. */
export const BREAK_SOURCES = ['evidence', 'statement', 'completion', 'invariants'] as const;
export type BreakSource = (typeof BREAK_SOURCES)[number];

/** What a person decided. All but `no_action` move what lies on suspense. */
export const RESOLUTIONS = ['no_action', 'corrected_by_rail', 'charged_to_debtor', 'written_off'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** A disagreement as it is found. */
export interface NewBreak {
  /** Null when it is nobody's: only the platform sees it. */
  readonly organizationId: string | null;
  readonly rail: string;
  readonly class: BreakClass;
  readonly source: BreakSource;
  /** The run that found it. */
  readonly runId?: string | null;
  readonly bulkId?: string | null;
  readonly transferId?: string | null;
  /** The rail reference. */
  readonly reference?: string | null;
  /** The rail's own id of the booking. */
  readonly railId?: string | null;
  readonly amountMinor?: bigint | null;
  readonly currency?: string | null;
  /** What our books say, and what was found, in words an operator reads. Nothing personal. */
  readonly expected: string;
  readonly found: string;
  /** What was booked on suspense because of it: signed, minor units, as suspense sees it. */
  readonly suspenseMinor?: bigint;
  /** The same finding again is the same break. */
  readonly dedupeKey: string;
}

/** What was found about the same later. */
export interface LaterFinding {
  readonly at: Date;
  readonly found: string;
}

export interface Break extends Required<Omit<NewBreak, 'dedupeKey'>> {
  readonly id: string;
  readonly status: BreakStatus;
  readonly laterFindings: readonly LaterFinding[];
  readonly assignee: string | null;
  readonly resolution: Resolution | null;
  readonly note: string | null;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
  /** The id of the API key, or `admin`. */
  readonly resolvedBy: string | null;
}

/** For operators' eyes. A rail may name a currency that we do not carry, and whose decimals we do not know. */
export function amountText(amountMinor: bigint, currency: string): string {
  if (currencyExponent(currency) === undefined) return `${amountMinor} minor units of ${currency}`;
  return `${formatAmount(amountMinor, currency)} ${currency}`;
}
