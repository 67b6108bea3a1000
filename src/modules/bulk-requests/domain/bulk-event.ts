import { formatAmount } from '../../../domain/money.js';
import type { AcceptedBulk } from './audit-note.js';
import type { BulkRequestStatus } from './bulk-request.state.js';
import type { FinalCounts } from './completion.js';

interface Told {
  readonly organizationId: string;
  readonly id: string;
}

/** States a bulk passes through. */
export type PassedStatus = Extract<BulkRequestStatus, 'processing' | 'paused' | 'cancelling' | 'reversing'>;

/** States a bulk ends in. */
export type FinalStatus = Extract<
  BulkRequestStatus,
  'completed' | 'partially_completed' | 'failed' | 'cancelled' | 'reversed' | 'rejected'
>;

/** What happened to a bulk, for whoever listens: the last part of a type is the state it came to. */
export function acceptedEvent(bulk: AcceptedBulk, isHeld: boolean) {
  return {
    organizationId: bulk.organizationId,
    type: 'bulk_request.accepted' as const,
    subjectId: bulk.id,
    data: {
      bulk_request_id: bulk.id,
      status: isHeld ? ('awaiting_approval' as const) : ('processing' as const),
      debtor_account_id: bulk.debtorAccountId,
      currency: bulk.currency,
      total_amount: formatAmount(bulk.totalMinor, bulk.currency),
      transfer_count: bulk.transferCount,
      rejected_count: bulk.rejectedCount,
      origin: bulk.origin,
      origin_id: bulk.originId,
    },
  };
}

export function changedEvent(
  { organizationId, id }: Told,
  { from, to }: { from: BulkRequestStatus; to: PassedStatus },
) {
  const data = { bulk_request_id: id, previous_status: from, status: to };
  return { organizationId, type: `bulk_request.${to}` as const, subjectId: id, data };
}

export function endedEvent(
  { organizationId, id }: Told,
  { from, to, counts }: { from: BulkRequestStatus; to: FinalStatus; counts: FinalCounts },
) {
  const { settled, failed, cancelled, returned } = counts;
  const data = {
    bulk_request_id: id,
    previous_status: from,
    status: to,
    counts: { settled, failed, cancelled, returned },
  };
  return { organizationId, type: `bulk_request.${to}` as const, subjectId: id, data };
}
