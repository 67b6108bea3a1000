import type { Line, Move } from './line.js';
import { nothingToResolve, transferBusy, transferNotExecuted } from './transfer.errors.js';
import type { StoredTransferStatus } from './transfer.state.js';

/** A transfer as it is stored, whatever became of it. */
export type StoredLine = Omit<Line, 'status'> & { readonly status: StoredTransferStatus };

export const RESOLUTION_OUTCOMES = ['settled', 'failed'] as const;

export interface Resolution {
  readonly outcome: (typeof RESOLUTION_OUTCOMES)[number];
  /** What the operator knows it from, in words. */
  readonly evidence: string;
}

/**
 * What an operator's word does to a transfer that the engine could not decide about.
 *
 * @param found `isLeased`: somebody is executing its chunk; `isBook`: it settles in our own books, which are never in doubt about it
 * @throws invalid_state, in_flight, not_executed
 */
export function decideResolution(
  transfer: StoredLine,
  { outcome, evidence }: Resolution,
  found: { readonly isLeased: boolean; readonly isBook: boolean },
): Move {
  const { status } = transfer;
  if (status !== 'manual_review') throw nothingToResolve(status);
  if (found.isLeased) throw transferBusy();
  if (found.isBook && outcome === 'settled') throw transferNotExecuted();
  return {
    line: { ...transfer, status },
    from: status,
    to: outcome,
    source: 'operator',
    attempts: transfer.attempts,
    possiblySent: transfer.possiblySent,
    code: 'resolved_by_operator',
    detail: evidence,
    railId: null,
    followUp: null,
  };
}
