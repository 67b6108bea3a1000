import { defineStates } from '../../../domain/states.js';

export type TransferStatus =
  | 'pending'
  | 'submitting'
  | 'submitted'
  | 'in_doubt'
  | 'manual_review'
  | 'settled'
  | 'failed'
  | 'cancelled'
  | 'returned';

/** `submitting` is never stored: it is a pending line inside the window of a leased chunk. */
export type StoredTransferStatus = Exclude<TransferStatus, 'submitting'>;

export const TRANSFER_STATUSES: readonly TransferStatus[] = [
  'pending',
  'submitting',
  'submitted',
  'in_doubt',
  'manual_review',
  'settled',
  'failed',
  'cancelled',
  'returned',
];

export const transferStates = defineStates<TransferStatus>({
  initial: 'pending',
  transitions: {
    pending: ['submitting', 'cancelled', 'manual_review'],
    submitting: ['settled', 'submitted', 'failed', 'pending', 'in_doubt'],
    submitted: ['settled', 'failed', 'in_doubt', 'manual_review'],
    in_doubt: ['settled', 'submitted', 'failed', 'pending', 'manual_review'],
    manual_review: ['settled', 'failed'],
    settled: ['returned'],
    failed: [],
    cancelled: [],
    returned: [],
  },
  terminal: ['settled', 'failed', 'cancelled', 'returned'],
});

/** Statuses in which a line's money is still reserved. */
export const OPEN_STATUSES: readonly TransferStatus[] = transferStates.states.filter(
  (status) => !transferStates.isTerminal(status),
);

/**
 * Whether transfers in this state are indexed by it (column `attention`): mostly they are few, and the index costs the others nothing. All
 * lines wait, and nearly all are settled.
 */
export const isRare = (status: TransferStatus): boolean =>
  status !== 'pending' && status !== 'submitting' && status !== 'settled';

export const storedStatus = (status: TransferStatus): StoredTransferStatus =>
  status === 'submitting' ? 'pending' : status;
