import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import { type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { RedisLock } from '../../../platform/queue/index.js';
import { AccountsService } from '../../accounts/index.js';
import { BULK_REQUEST_HOLD, type TallySums, TransfersService } from '../../transfers/index.js';
import { bulkRequestStates, type BulkRequestStatus } from '../domain/bulk-request.state.js';
import { finalStatus } from '../domain/completion.js';
import { BulkRequestRepository, type FinalCounts } from '../persistence/bulk-request.repository.js';

const LOCK_TTL_MS = 30_000;
const COMPLETABLE: readonly BulkRequestStatus[] = ['processing', 'paused', 'cancelling'];
const ENDED: readonly string[] = ['settled', 'failed', 'cancelled', 'returned'];

const logger = createLogger('completion');

/** Ends a bulk exactly once, when nothing of it is open. */
@Injectable()
export class CompleteBulkRequest {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly lock: RedisLock,
    private readonly repository: BulkRequestRepository,
    private readonly transfers: TransfersService,
    private readonly accounts: AccountsService,
  ) {}

  /**
   * The state the bulk is in afterwards; null when it stays open or somebody else is at it. The Redis lock only saves work: what
   * makes it exactly once is the bulk's row.
   *
   * @throws invariant_violated when counts or money do not add up: it stays open, and nothing is released silently
   */
  async complete(bulkId: string): Promise<BulkRequestStatus | null> {
    let status: BulkRequestStatus | null = null;
    await this.lock.run(`complete-bulk-request:${bulkId}`, LOCK_TTL_MS, async () => {
      status = await this.unitOfWork.run((tx) => this.completeIn(tx, bulkId));
    });
    if (status) logger.info({ event: 'bulk_completed', bulk_request_id: bulkId, status });
    return status;
  }

  private async completeIn(tx: Tx, bulkId: string): Promise<BulkRequestStatus | null> {
    const bulk = await this.repository.lock(tx, bulkId);
    if (!bulk || !COMPLETABLE.includes(bulk.status)) return null;
    // A statement of its own: it sees what was committed before the lock was granted.
    const found = await this.transfers.countByStatus(tx, bulkId);
    if (found.some((group) => !ENDED.includes(group.status))) return null;
    const counts = finalCounts(found);
    await this.assertMoneyAddsUp(tx, bulkId, counts);
    assertSame(await this.transfers.foldTallies(tx, bulkId), counts);
    const paid = counts.settled + counts.returned;
    const to = finalStatus({ total: bulk.transferCount, paid }, bulk.stoppedBy);
    bulkRequestStates.assertMove(bulk.status, to);
    if (!(await this.repository.complete(tx, { id: bulkId, from: bulk.status, to }, counts))) {
      throw invariantViolated('a locked bulk request changed its state');
    }
    return to;
  }

  private async assertMoneyAddsUp(tx: Tx, bulkId: string, counts: FinalCounts): Promise<void> {
    const hold = await this.accounts.getHold(tx, BULK_REQUEST_HOLD, bulkId);
    const captured = counts.settledMinor + counts.returnedMinor;
    const released = counts.failedMinor + counts.cancelledMinor;
    if (hold.capturedMinor === captured && hold.releasedMinor === released && captured + released === hold.amountMinor)
      return;
    throw invariantViolated('the hold of a bulk request does not match its lines');
  }
}

function finalCounts(found: readonly { status: string; count: number; sumMinor: bigint }[]): FinalCounts {
  const of = (status: string) => found.find((group) => group.status === status) ?? { count: 0, sumMinor: 0n };
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

/** Tallies and transfers were written by the same commits: if they disagree, something wrote one without the other. */
function assertSame(tallies: TallySums, counts: FinalCounts): void {
  const same =
    tallies.settled === counts.settled &&
    tallies.failed === counts.failed &&
    tallies.cancelled === counts.cancelled &&
    tallies.returned === counts.returned &&
    tallies.settledMinor === counts.settledMinor &&
    tallies.failedMinor === counts.failedMinor &&
    tallies.cancelledMinor === counts.cancelledMinor &&
    tallies.returnedMinor === counts.returnedMinor;
  if (!same) throw invariantViolated('the tallies of a bulk request do not match its lines');
}
