import type { BulkRequest } from '../domain/bulk-request.js';
import type { NewBulkRequest } from '../persistence/bulk-request.repository.js';

/** A bulk as it would be right after acceptance, for a dry run. */
export function previewOf(bulk: NewBulkRequest, warnings: readonly string[]): BulkRequest {
  return {
    ...bulk,
    status: 'received',
    counts: {
      pending: bulk.transferCount,
      submitting: 0,
      submitted: 0,
      inDoubt: 0,
      manualReview: 0,
      settled: 0,
      failed: 0,
      cancelled: 0,
      returned: 0,
    },
    settledMinor: 0n,
    failedMinor: 0n,
    cancelledMinor: 0n,
    returnedMinor: 0n,
    warnings,
    requestedExecutionDate: null,
    createdAt: new Date(),
    completedAt: null,
  };
}
