import { amountText, type NewBreak } from './break.js';
import { expectedOfStranger, missingHereKey } from './classify-booking.js';

/** What a rail said that no transfer of ours agrees with. */
export interface ReportedEvidence {
  readonly organizationId: string | null;
  readonly bulkId: string | null;
  readonly transferId: string | null;
  readonly rail: string;
  readonly reference: string;
  readonly source: string;
  readonly status: string;
  readonly reasonCode: string | null;
  readonly railId: string | null;
  readonly outcome: 'contradiction' | 'unmatched';
  readonly transferStatus: string | null;
  /** The rail that pays the transfer. */
  readonly transferRail: string | null;
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  readonly suspenseMinor: bigint;
  readonly receivedAt: Date;
}

/**
 * One case per transfer and word: a callback and a statement that say the same are the same case, a payment that first is told to be
 * executed and later to have come back are two.
 */
export function breakOfEvidence(evidence: ReportedEvidence): NewBreak {
  const { rail, reference, organizationId, bulkId, transferId, railId, amountMinor, currency } = evidence;
  const subject = { organizationId, rail, source: 'evidence' as const, bulkId, transferId, reference, railId };
  const found = foundText(evidence);
  if (evidence.outcome === 'unmatched') {
    const expected = expectedOfStranger(evidence.transferRail);
    return { ...subject, class: 'missing_here', expected, found, dedupeKey: missingHereKey(rail, reference) };
  }
  return {
    ...subject,
    class: 'status',
    amountMinor,
    currency,
    expected: expectedText(evidence),
    found,
    suspenseMinor: evidence.suspenseMinor,
    dedupeKey: `status:${rail}:${transferId ?? reference}:${evidence.status}`,
  };
}

function expectedText({ transferStatus, amountMinor, currency }: ReportedEvidence): string {
  const amount = amountMinor === null || currency === null ? '' : `, ${amountText(amountMinor, currency)}`;
  return `${transferStatus ?? 'unknown'}${amount}`;
}

function foundText({ status, reasonCode, source, receivedAt }: ReportedEvidence): string {
  const reason = reasonCode === null ? '' : ` (${reasonCode})`;
  return `${status}${reason}, by ${source.replaceAll('_', ' ')} of ${receivedAt.toISOString()}`;
}
