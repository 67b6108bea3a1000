import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import type { Tx } from '../../../platform/database/index.js';
import { AccountsService } from '../../accounts/index.js';
import { LedgerService } from '../../ledger/index.js';
import { BULK_REQUEST_HOLD, TransfersService } from '../../transfers/index.js';
import { BulkRequestsMetrics } from '../bulk-requests.metrics.js';
import type { ApprovalOutcome } from '../domain/approval.js';
import { dismissedNote } from '../domain/audit-note.js';
import { bulkRequestStates, type BulkRequestStatus } from '../domain/bulk-request.state.js';
import { finalCounts, type FinalCounts, type LinesOfStatus, opennessOf, sameCounts } from '../domain/completion.js';
import { ApprovalRepository } from '../persistence/approval.repository.js';
import { BulkCompletionRepository, type LockedBulkRequest } from '../persistence/bulk-completion.repository.js';
import { RecordBulkChange } from './record-bulk-change.js';

const ENDS = {
  rejected: { as: 'rejected', because: 'The bulk request was rejected' },
  expired: { as: 'rejected', because: 'The bulk request was not approved in time' },
  cancelled: { as: 'cancelled', because: 'The bulk request was cancelled before it was approved' },
} as const satisfies Record<Exclude<ApprovalOutcome, 'approved'>, { as: BulkRequestStatus; because: string }>;

/**
 * Ends a bulk that waits for approval, in one transaction: its lines are cancelled, its money is free, its counts are final. Nothing of it
 * was ever handed out, so no worker has to be waited for.
 */
@Injectable()
export class DismissBulkRequest {
  constructor(
    private readonly completions: BulkCompletionRepository,
    private readonly approvals: ApprovalRepository,
    private readonly transfers: TransfersService,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly changes: RecordBulkChange,
    private readonly metrics: BulkRequestsMetrics,
  ) {}

  /**
   * @param reason what whoever rejected it said
   * @returns the state it is in afterwards. The caller has found it `awaiting_approval` under its lock.
   */
  async dismiss(
    tx: Tx,
    bulkId: string,
    outcome: Exclude<ApprovalOutcome, 'approved'>,
    reason: string | null = null,
  ): Promise<BulkRequestStatus> {
    const bulk = await this.completions.lock(tx, bulkId);
    if (bulk?.status !== 'awaiting_approval') throw invariantViolated('a locked bulk request does not await approval');
    const { organizationId, debtorAccountId } = bulk;
    const { as, because } = ENDS[outcome];
    const releasedMinor = await this.transfers.withdraw(tx, bulk, because);
    if (!(await this.approvals.close(tx, bulkId, outcome))) {
      throw invariantViolated('what a bulk request waits for was decided before');
    }
    const { to, counts } = await this.end(tx, bulk, as);
    // As everywhere, the hold before the account, and that last.
    const hold = await this.accounts.lockHold(tx, BULK_REQUEST_HOLD, bulkId);
    const isWhole = hold.capturedMinor + hold.releasedMinor + releasedMinor === hold.amountMinor;
    if (bulkRequestStates.isTerminal(to) && !isWhole) {
      throw invariantViolated('the hold of a bulk request does not match its lines');
    }
    await this.ledger.post(
      tx,
      { organizationId, entries: [], reservedChanges: [{ accountId: debtorAccountId, reservedMinor: -releasedMinor }] },
      { purpose: BULK_REQUEST_HOLD, referenceId: bulkId, capturedMinor: 0n, releasedMinor },
    );
    const note = dismissedNote(bulk, outcome, { status: to, counts, reason });
    this.changes.changed(tx, bulk, note, { from: bulk.status, to, counts });
    tx.afterCommit(() => this.metrics.decided(outcome));
    return to;
  }

  private async end(
    tx: Tx,
    bulk: LockedBulkRequest,
    as: 'rejected' | 'cancelled',
  ): Promise<{ to: BulkRequestStatus; counts: FinalCounts }> {
    const { id, status: from } = bulk;
    const { lines, tallies, tallyIds } = await this.transfers.recount(tx, id);
    const counts = finalCounts(lines);
    const to = bulkStateAfter(lines, as);
    bulkRequestStates.assertMove(from, to);
    const isMoved =
      to === 'cancelling'
        ? await this.completions.stop(tx, { id, from, to }, 'request')
        : await this.completions.complete(tx, { id, from, to }, counts);
    if (!isMoved) throw invariantViolated('a locked bulk request changed its state');
    if (to === 'cancelling') return { to, counts };
    if (!sameCounts(tallies, counts)) {
      throw invariantViolated('the tallies of a bulk request do not match its lines');
    }
    await this.transfers.foldTallies(tx, tallyIds);
    return { to, counts };
  }
}

/** A rail may call a line paid that never left; then a person decides about that one, and the bulk ends after it. */
const bulkStateAfter = (
  lines: readonly LinesOfStatus[],
  as: 'rejected' | 'cancelled',
): 'rejected' | 'cancelled' | 'cancelling' => (opennessOf(lines) === 'ended' ? as : 'cancelling');
