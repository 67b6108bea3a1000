import { defineStates } from '../../../domain/states.js';

export type BulkRequestStatus =
  | 'received'
  | 'awaiting_approval'
  | 'scheduled'
  | 'processing'
  | 'paused'
  | 'completed'
  | 'partially_completed'
  | 'failed'
  | 'cancelling'
  | 'cancelled'
  | 'reversing'
  | 'reversed'
  | 'rejected';

export const bulkRequestStates = defineStates<BulkRequestStatus>({
  initial: 'received',
  transitions: {
    received: ['awaiting_approval', 'scheduled', 'processing', 'cancelled'],
    awaiting_approval: ['scheduled', 'processing', 'rejected', 'cancelled', 'cancelling'],
    scheduled: ['processing', 'cancelled'],
    processing: ['paused', 'cancelling', 'reversing', 'completed', 'partially_completed', 'failed'],
    paused: ['processing', 'cancelling', 'reversing', 'completed', 'partially_completed', 'failed'],
    cancelling: ['cancelled', 'partially_completed', 'failed'],
    reversing: ['reversed'],
    completed: [],
    partially_completed: [],
    failed: [],
    cancelled: [],
    reversed: [],
    rejected: [],
  },
  terminal: ['completed', 'partially_completed', 'failed', 'cancelled', 'reversed', 'rejected'],
});

export const BULK_REQUEST_STATUSES: readonly BulkRequestStatus[] = bulkRequestStates.states;
