import type { BulkRequestStatus } from './bulk-request.state.js';

/** Lines of a bulk of which nothing is open, by how they ended. */
export interface EndedLines {
  readonly total: number;
  /** Settled, or settled and later returned. */
  readonly paid: number;
}

/**
 * How a bulk ends once nothing of it is open.
 *
 * @param stoppedBy why it was stopped: its own failure policy, somebody's request, or null when it ran to its end
 */
export function finalStatus(lines: EndedLines, stoppedBy: 'on_failure' | 'request' | null): BulkRequestStatus {
  if (lines.paid === lines.total) return stoppedBy === null ? 'completed' : 'partially_completed';
  if (lines.paid > 0) return 'partially_completed';
  return stoppedBy === 'request' ? 'cancelled' : 'failed';
}
