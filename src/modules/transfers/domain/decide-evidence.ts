import type { Line, Move } from './line.js';
import type { StoredTransferStatus } from './transfer.state.js';

export type EvidenceStatus = 'accepted' | 'settled' | 'rejected' | 'returned';

export interface Evidence {
  readonly status: EvidenceStatus;
  readonly reasonCode: string | null;
  readonly railId: string | null;
}

/**
 * Where contradicted money is, seen from suspense: `owed` when the rail says that it left although our books gave it back, `found` when
 * the rail says that it stayed although our books paid it out.
 */
export type Suspense = 'owed' | 'found';

export type EvidenceVerdict =
  | { readonly outcome: 'applied'; readonly move: Move }
  /** Says what is known already. */
  | { readonly outcome: 'redundant' }
  /**
   * Says the opposite of what is known for certain: a final state stays, what it says about money goes to suspense, and a person looks
   * at it. A line that was never sent, and is paid for all that, is kept from being sent.
   */
  | { readonly outcome: 'contradiction'; readonly suspense: Suspense | null; readonly move: Move | null }
  /** Makes sense only after something that has not happened yet: kept for later. */
  | { readonly outcome: 'early' };

type Evidenced = Omit<Line, 'status'> & { readonly status: StoredTransferStatus };

/**
 * What follows from something a rail said outside a chunk's own record: a callback, a late result, a statement.
 *
 * @param isReversal the transfer takes another one back: that its money was returned says that it is gone again, which nobody asked for
 */
export function decideEvidence(transfer: Evidenced, evidence: Evidence, isReversal = false): EvidenceVerdict {
  const said = evidence.status;
  switch (transfer.status) {
    case 'cancelled':
      return said === 'rejected' ? REDUNDANT : contradiction(said === 'settled' ? 'owed' : null);
    case 'failed':
      if (said === 'rejected' || said === 'accepted') return REDUNDANT;
      // Paid and come back: nobody is owed anything.
      return contradiction(said === 'settled' ? 'owed' : null);
    case 'returned':
      return said === 'rejected' ? contradiction(null) : REDUNDANT;
    case 'settled':
      if (said === 'rejected' || (said === 'returned' && isReversal)) return contradiction('found');
      if (said !== 'returned') return REDUNDANT;
      return { outcome: 'applied', move: move(transfer, 'settled', evidence) };
    case 'pending':
      return transfer.possiblySent ? openLine(transfer, evidence) : neverSent(transfer, evidence);
    case 'submitted':
    case 'in_doubt':
    case 'manual_review':
      return openLine(transfer, evidence);
  }
}

const REDUNDANT: EvidenceVerdict = { outcome: 'redundant' };
const contradiction = (suspense: Suspense | null): EvidenceVerdict => ({
  outcome: 'contradiction',
  suspense,
  move: null,
});

/** A line that provably never left cannot have an outcome. */
function neverSent(transfer: Evidenced, evidence: Evidence): EvidenceVerdict {
  if (evidence.status === 'accepted') return { outcome: 'early' };
  if (evidence.status === 'rejected') return contradiction(null);
  const stopped: Move = { ...move(transfer, 'pending', evidence), from: 'pending', to: 'manual_review' };
  return { outcome: 'contradiction', suspense: null, move: { ...stopped, code: 'never_sent' } };
}

function openLine(transfer: Evidenced, evidence: Evidence): EvidenceVerdict {
  if (evidence.status === 'returned') return { outcome: 'early' };
  if (evidence.status === 'accepted' && transfer.status !== 'in_doubt') return REDUNDANT;
  return { outcome: 'applied', move: move(transfer, transfer.status, evidence) };
}

const TARGET = { accepted: 'submitted', settled: 'settled', rejected: 'failed', returned: 'returned' } as const;

function move(transfer: Evidenced, from: StoredTransferStatus, evidence: Evidence): Move {
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
