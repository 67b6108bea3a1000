import type { BulkRequestStatus } from './bulk-request.state.js';

export type OnFailure = 'continue' | 'stop' | 'reverse';
export type Validation = 'all_or_nothing' | 'partial';
export type Priority = 'normal' | 'urgent';
/** What a bulk made out of another one does with it: pays its failed lines again, or takes its settled ones back. */
export type Origin = 'retry' | 'reversal';

/** A line that was not accepted, with everything that is wrong with it. */
export interface RejectedLine {
  /** Position in the request, counted from 0 as in JSON pointers. */
  readonly line: number;
  readonly errors: readonly { readonly pointer: string; readonly code: string; readonly detail: string }[];
}

/** Lines by state. `submitting` ones are part of no other count. */
export interface LineCounts {
  readonly pending: number;
  readonly submitting: number;
  readonly submitted: number;
  readonly inDoubt: number;
  readonly manualReview: number;
  readonly settled: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly returned: number;
}

/** Money by what became of it, in minor units; what is in none of them is still open. */
export interface LineAmounts {
  readonly settledMinor: bigint;
  readonly failedMinor: bigint;
  readonly cancelledMinor: bigint;
  readonly returnedMinor: bigint;
}

export interface BulkRequest extends LineAmounts {
  readonly id: string;
  readonly organizationId: string;
  readonly requestId: string | null;
  readonly status: BulkRequestStatus;
  readonly debtorAccountId: string;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly transferCount: number;
  readonly counts: LineCounts;
  readonly rejectedCount: number;
  readonly rejectedLines: readonly RejectedLine[];
  readonly warnings: readonly string[];
  readonly onFailure: OnFailure;
  readonly validation: Validation;
  readonly priority: Priority;
  readonly rail: string;
  readonly requestedExecutionDate: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Null for a bulk that was submitted; otherwise `originId` is the bulk it was made out of. */
  readonly origin: Origin | null;
  readonly originId: string | null;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
}

/** Lines that can still change, and whose money is still reserved. */
export const openCount = (counts: LineCounts): number =>
  counts.pending + counts.submitting + counts.submitted + counts.inDoubt + counts.manualReview;

/** Money not settled, released or returned yet, in minor units. */
export const openMinor = (bulk: Pick<BulkRequest, 'totalMinor'> & LineAmounts): bigint =>
  bulk.totalMinor - bulk.settledMinor - bulk.failedMinor - bulk.cancelledMinor - bulk.returnedMinor;
