import type { Line, Move } from './line.js';
import type { StoredTransferStatus } from './transfer.state.js';

export type EvidenceStatus = 'accepted' | 'settled' | 'rejected' | 'returned';

export interface Evidence {
  readonly status: EvidenceStatus;
  readonly reasonCode: string | null;
  readonly railId: string | null;
}

export type EvidenceVerdict =
  | { readonly outcome: 'applied'; readonly move: Move }
  /** Says what is known already. */
  | { readonly outcome: 'redundant' }
  /** Says the opposite of a final state: that state stays, and a person looks at it. */
  | { readonly outcome: 'contradiction' }
  /** Makes sense only after something that has not happened yet: kept for later. */
  | { readonly outcome: 'early' };

/** What follows from something a rail said outside a chunk's own record: a callback, a late result, a statement. */
export function decideEvidence(
  transfer: Omit<Line, 'status'> & { readonly status: StoredTransferStatus },
  evidence: Evidence,
): EvidenceVerdict {
  switch (transfer.status) {
    case 'cancelled':
      return { outcome: evidence.status === 'rejected' ? 'redundant' : 'contradiction' };
    case 'failed':
      return {
        outcome: evidence.status === 'rejected' || evidence.status === 'accepted' ? 'redundant' : 'contradiction',
      };
    case 'returned':
      return { outcome: evidence.status === 'rejected' ? 'contradiction' : 'redundant' };
    case 'settled':
      if (evidence.status === 'rejected') return { outcome: 'contradiction' };
      if (evidence.status !== 'returned') return { outcome: 'redundant' };
      return { outcome: 'applied', move: move(transfer, 'settled', evidence) };
    case 'pending':
      // A line that provably never left cannot have an outcome; one that is to be sent again can.
      if (!transfer.possiblySent) return { outcome: evidence.status === 'accepted' ? 'early' : 'contradiction' };
      return openLine(transfer, evidence);
    case 'submitted':
    case 'in_doubt':
    case 'manual_review':
      return openLine(transfer, evidence);
  }
}

function openLine(
  transfer: Omit<Line, 'status'> & { readonly status: StoredTransferStatus },
  evidence: Evidence,
): EvidenceVerdict {
  if (evidence.status === 'returned') return { outcome: 'early' };
  if (evidence.status === 'accepted' && transfer.status !== 'in_doubt') return { outcome: 'redundant' };
  return { outcome: 'applied', move: move(transfer, transfer.status, evidence) };
}

const TARGET = { accepted: 'submitted', settled: 'settled', rejected: 'failed', returned: 'returned' } as const;

function move(
  transfer: Omit<Line, 'status'> & { readonly status: StoredTransferStatus },
  from: StoredTransferStatus,
  evidence: Evidence,
): Move {
  return {
    line: transfer as Line,
    // A line waiting to be sent again left once already: its outcome belongs to that submission.
    from: from === 'pending' ? 'submitting' : from,
    to: TARGET[evidence.status],
    source: 'evidence',
    attempts: transfer.attempts,
    possiblySent: true,
    code: evidence.reasonCode,
    detail: null,
    railId: evidence.railId,
    followUp: null,
  };
}
