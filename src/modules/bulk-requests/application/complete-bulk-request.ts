import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { DomainError, invariantViolated } from '../../../domain/errors.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Outbox } from '../../../platform/outbox/index.js';
import { RedisLock } from '../../../platform/queue/index.js';
import { AccountsService } from '../../accounts/index.js';
import { BULK_REQUEST_HOLD, TransfersService } from '../../transfers/index.js';
import { recountBulkRequestJob } from '../bulk-requests.jobs.js';
import { completedNote, stoppedNote } from '../domain/audit-note.js';
import { bulkRequestStates, type BulkRequestStatus } from '../domain/bulk-request.state.js';
import {
  finalCounts,
  type FinalCounts,
  finalStatus,
  hasYetToReverse,
  leftTheHold,
  type LinesOfStatus,
  opennessOf,
  sameCounts,
} from '../domain/completion.js';
import { BulkCompletionRepository, type LockedBulkRequest } from '../persistence/bulk-completion.repository.js';
import { RecordBulkChange } from './record-bulk-change.js';
import { ReverseBulkRequest } from './reverse-bulk-request.js';

/** As long as one completion may take; when its holder dies, the next one waits this long. */
const LOCK_TTL_MS = 10_000;
const COMPLETABLE: readonly BulkRequestStatus[] = ['processing', 'paused', 'cancelling', 'reversing'];

const logger = createLogger('completion');

interface Completed {
  readonly status: BulkRequestStatus;
  readonly originId: string | null;
}

/** Ends a bulk exactly once, when nothing of it is open. */
@Injectable()
export class CompleteBulkRequest {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly lock: RedisLock,
    private readonly repository: BulkCompletionRepository,
    private readonly reversals: ReverseBulkRequest,
    private readonly transfers: TransfersService,
    private readonly accounts: AccountsService,
    private readonly outbox: Outbox,
    private readonly changes: RecordBulkChange,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * The state the bulk is in afterwards; null when it stays open or somebody else is at it. The Redis lock only saves work: what
   * makes it exactly once is the bulk's row.
   *
   * @throws invariant_violated when counts or money do not add up: it stays open, and nothing is released silently
   */
  async complete(organizationId: string, bulkId: string): Promise<BulkRequestStatus | null> {
    const completed: Completed[] = [];
    await this.lock.run(`complete-bulk-request:${bulkId}`, LOCK_TTL_MS, async () => {
      const ended = await this.attempt(organizationId, bulkId);
      if (ended) completed.push(ended);
    });
    const [ended] = completed;
    if (!ended) return null;
    logger.info({ event: 'bulk_completed', bulk_request_id: bulkId, status: ended.status });
    // What it was made out of may have waited for it. When this process dies here, the sweep asks.
    if (ended.originId !== null) await this.transfers.checkCompletion(organizationId, ended.originId);
    return ended.status;
  }

  private async attempt(organizationId: string, bulkId: string): Promise<Completed | null> {
    try {
      return await this.unitOfWork.run(ofOrganization(organizationId), (tx) => this.completeIn(tx, bulkId));
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'invariant') await this.countFailure(organizationId, bulkId);
      throw error;
    }
  }

  private async completeIn(tx: Tx, bulkId: string): Promise<Completed | null> {
    const locked = await this.repository.lock(tx, bulkId);
    if (!locked || !COMPLETABLE.includes(locked.status)) return null;
    // Chunks come from chunks: when none is unfinished, none will be. Asked first, so that what is counted next is final.
    if (await this.transfers.hasUnfinished(tx, bulkId)) return null;
    const recount = await this.transfers.recount(tx, bulkId);
    const bulk = await this.stopped(tx, locked, recount.lines);
    if (bulk.status === 'reversing' && (await this.reversals.reverse(tx, bulk))) return null;
    const openness = opennessOf(recount.lines);
    if (openness === 'stranded') throw invariantViolated('open lines of a bulk request are in no chunk');
    if (openness === 'in_review') return null;
    const counts = finalCounts(recount.lines);
    await this.assertMoneyAddsUp(tx, bulk, counts);
    if (!sameCounts(recount.tallies, counts)) {
      throw invariantViolated('the tallies of a bulk request do not match its lines');
    }
    await this.transfers.foldTallies(tx, recount.tallyIds);
    return this.end(tx, bulk, counts);
  }

  /** Whoever ends the last line asks for the completion, too: it may come before the job that stops the bulk for its failure. */
  private async stopped(tx: Tx, bulk: LockedBulkRequest, lines: readonly LinesOfStatus[]): Promise<LockedBulkRequest> {
    if (!hasYetToReverse(bulk, lines)) return bulk;
    bulkRequestStates.assertMove(bulk.status, 'reversing');
    if (!(await this.repository.stop(tx, { id: bulk.id, from: bulk.status, to: 'reversing' }, 'on_failure'))) {
      throw invariantViolated('a locked bulk request changed its state');
    }
    const change = { from: bulk.status, to: 'reversing' } as const;
    this.changes.changed(tx, bulk, stoppedNote(bulk, change), { ...change, counts: null });
    return { ...bulk, status: 'reversing', stoppedBy: 'on_failure' };
  }

  private async end(tx: Tx, bulk: LockedBulkRequest, counts: FinalCounts): Promise<Completed> {
    const paid = counts.settled + counts.returned;
    const status =
      bulk.status === 'reversing' ? 'reversed' : finalStatus({ total: bulk.transferCount, paid }, bulk.stoppedBy);
    bulkRequestStates.assertMove(bulk.status, status);
    if (!(await this.repository.complete(tx, { id: bulk.id, from: bulk.status, to: status }, counts))) {
      throw invariantViolated('a locked bulk request changed its state');
    }
    const change = { from: bulk.status, to: status, counts };
    this.changes.changed(tx, bulk, completedNote(bulk, change), change);
    return { status, originId: bulk.originId };
  }

  private async assertMoneyAddsUp(tx: Tx, bulk: LockedBulkRequest, counts: FinalCounts): Promise<void> {
    // Nothing is reserved for a reversal.
    if (bulk.origin === 'reversal') return;
    const hold = await this.accounts.getHold(tx, BULK_REQUEST_HOLD, bulk.id);
    const { capturedMinor, releasedMinor } = leftTheHold(counts);
    const isWhole = capturedMinor + releasedMinor === hold.amountMinor;
    if (isWhole && hold.capturedMinor === capturedMinor && hold.releasedMinor === releasedMinor) return;
    throw invariantViolated('the hold of a bulk request does not match its lines');
  }

  /** After too many of them the bulk is recounted. */
  private async countFailure(organizationId: string, bulkId: string): Promise<void> {
    await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const bulk = await this.repository.lock(tx, bulkId);
      if (!bulk) return;
      const failures = await this.repository.countFailure(tx, bulkId);
      if (failures < this.config.COMPLETION_MAX_FAILURES) return;
      await this.outbox.add(tx, recountBulkRequestJob, {
        organizationId: bulk.organizationId,
        ids: { bulkId },
        dedupeKey: `recount:${bulkId}`,
      });
    });
  }
}
