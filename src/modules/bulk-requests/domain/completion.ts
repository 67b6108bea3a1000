import type { OnFailure } from './bulk-request.js';
import type { BulkRequestStatus } from './bulk-request.state.js';

/** A bulk's lines and money (minor units) by how they ended. */
export interface FinalCounts {
  readonly settled: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly returned: number;
  readonly settledMinor: bigint;
  readonly failedMinor: bigint;
  readonly cancelledMinor: bigint;
  readonly returnedMinor: bigint;
}

export interface LinesOfStatus {
  readonly status: string;
  readonly count: number;
  readonly sumMinor: bigint;
}

const ENDED: readonly string[] = ['settled', 'failed', 'cancelled', 'returned'];

export type Openness =
  /** Every line has ended. */
  | 'ended'
  /** Only a person can end what is left. */
  | 'in_review'
  /** Something is open that no chunk of work stands for. */
  | 'stranded';

/** What is left of a bulk of which no chunk is unfinished. */
export function opennessOf(lines: readonly LinesOfStatus[]): Openness {
  const open = lines.filter(({ status }) => !ENDED.includes(status));
  if (open.length === 0) return 'ended';
  return open.every(({ status }) => status === 'manual_review') ? 'in_review' : 'stranded';
}

/** Whether what it paid has to be taken back, and nobody has stopped it for that or for anything else yet. */
export function hasYetToReverse(
  { status, onFailure }: { readonly status: BulkRequestStatus; readonly onFailure: OnFailure },
  lines: readonly LinesOfStatus[],
): boolean {
  const isRunning = status === 'processing' || status === 'paused';
  return isRunning && onFailure === 'reverse' && finalCounts(lines).failed > 0;
}

export function finalCounts(lines: readonly LinesOfStatus[]): FinalCounts {
  const of = (status: string) => lines.find((group) => group.status === status) ?? { count: 0, sumMinor: 0n };
  return {
    settled: of('settled').count,
    failed: of('failed').count,
    cancelled: of('cancelled').count,
    returned: of('returned').count,
    settledMinor: of('settled').sumMinor,
    failedMinor: of('failed').sumMinor,
    cancelledMinor: of('cancelled').sumMinor,
    returnedMinor: of('returned').sumMinor,
  };
}

/** What lines that ended so have taken out of the hold: what was paid, even if it came back, and what was not. Minor units. */
export function leftTheHold(counts: FinalCounts): { capturedMinor: bigint; releasedMinor: bigint } {
  return {
    capturedMinor: counts.settledMinor + counts.returnedMinor,
    releasedMinor: counts.failedMinor + counts.cancelledMinor,
  };
}

/** Tallies and lines were written by the same commits: where they differ, something wrote one without the other. */
export function sameCounts(tallies: FinalCounts, counts: FinalCounts): boolean {
  return (
    tallies.settled === counts.settled &&
    tallies.failed === counts.failed &&
    tallies.cancelled === counts.cancelled &&
    tallies.returned === counts.returned &&
    tallies.settledMinor === counts.settledMinor &&
    tallies.failedMinor === counts.failedMinor &&
    tallies.cancelledMinor === counts.cancelledMinor &&
    tallies.returnedMinor === counts.returnedMinor
  );
}

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
