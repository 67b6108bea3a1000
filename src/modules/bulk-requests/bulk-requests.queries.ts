import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
import { Database, type Queryable } from '../../platform/database/index.js';
import { type CreatedRange, decodeCursor, encodeCursor, type Page, pageOf } from '../../platform/http/index.js';
import { type CurrentTallies, TransfersQueries } from '../transfers/index.js';
import { type BulkRequestDiff, DiffBulkRequest, type DiffCommand } from './application/diff-bulk-request.js';
import { type BulkRequestProof, type ChosenLine, ProveBulkRequest } from './application/prove-bulk-request.js';
import type { Approval } from './domain/approval.js';
import type { BulkRequest } from './domain/bulk-request.js';
import type { BulkRequestStatus } from './domain/bulk-request.state.js';
import { ApprovalRepository } from './persistence/approval.repository.js';
import { BulkRequestRepository, type BulkRequestRow } from './persistence/bulk-request.repository.js';

export interface BulkRequestListFilter {
  readonly organizationId: string;
  readonly status?: BulkRequestStatus | undefined;
  readonly created: CreatedRange;
}

@Injectable()
export class BulkRequestsQueries {
  constructor(
    private readonly database: Database,
    private readonly repository: BulkRequestRepository,
    private readonly transfers: TransfersQueries,
    private readonly approvals: ApprovalRepository,
    private readonly diffUseCase: DiffBulkRequest,
    private readonly proveUseCase: ProveBulkRequest,
  ) {}

  get(organizationId: string, id: string): Promise<BulkRequest> {
    return this.getIn(this.database.of(organizationId), organizationId, id);
  }

  /** The same as a transaction sees it, its own changes included. */
  async getIn(on: Queryable, organizationId: string, id: string): Promise<BulkRequest> {
    const row = await this.repository.find(on, organizationId, id);
    if (!row) throw notFound('bulk request');
    const [bulk] = await this.withTallies(on, [row]);
    return bulk as BulkRequest;
  }

  /** What it waits for, or did; null when it never had to. */
  async getApproval(organizationId: string, id: string): Promise<Approval | null> {
    const on = this.database.of(organizationId);
    const approval = await this.approvals.find(on, organizationId, id);
    if (!approval && !(await this.repository.find(on, organizationId, id))) throw notFound('bulk request');
    return approval;
  }

  /** Compared with the one before it, line by line. */
  diff(command: DiffCommand): Promise<BulkRequestDiff> {
    return this.diffUseCase.diff(command);
  }

  /** What was reserved, and what became of it; with the inclusion of one line, if it is chosen. */
  prove(organizationId: string, id: string, chosen: ChosenLine | null): Promise<BulkRequestProof> {
    return this.proveUseCase.prove(organizationId, id, chosen);
  }

  /** The organization's bulk requests, newest first. */
  async list(
    filter: BulkRequestListFilter,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<BulkRequest>> {
    const [beforeId] = page.cursor === undefined ? [null] : decodeCursor(page.cursor, ['uuid']);
    const on = this.database.of(filter.organizationId);
    const rows = await this.repository.list(on, filter, beforeId, page.limit + 1);
    return pageOf(await this.withTallies(on, rows), page.limit, (bulk) => encodeCursor([bulk.id]));
  }

  private async withTallies(on: Queryable, rows: readonly BulkRequestRow[]): Promise<BulkRequest[]> {
    const ids = rows.map((row) => row.id);
    const sums = await this.transfers.tallySums(on, ids);
    return Promise.all(
      rows.map(async (row) => {
        const tallies = sums.get(row.id);
        // Completed between the two reads: what the row lacks is no longer in the tallies.
        const isStale = row.completedAt === null && tallies?.isFolded === true;
        const current = isStale ? await this.repository.find(on, row.organizationId, row.id) : row;
        return toBulkRequest(current ?? row, tallies);
      }),
    );
  }
}

/** A bulk's own counts and what its tallies add to them. */
export function toBulkRequest(row: BulkRequestRow, sums?: CurrentTallies): BulkRequest {
  const { pending, submitted, inDoubt, manualReview, settled, failed, cancelled, returned, ...bulk } = row;
  const pendingNow = pending + (sums?.pending ?? 0);
  const submitting = Math.min(sums?.submitting ?? 0, pendingNow);
  return {
    ...bulk,
    counts: {
      pending: pendingNow - submitting,
      submitting,
      submitted: submitted + (sums?.submitted ?? 0),
      inDoubt: inDoubt + (sums?.inDoubt ?? 0),
      manualReview: manualReview + (sums?.manualReview ?? 0),
      settled: settled + (sums?.settled ?? 0),
      failed: failed + (sums?.failed ?? 0),
      cancelled: cancelled + (sums?.cancelled ?? 0),
      returned: returned + (sums?.returned ?? 0),
    },
    settledMinor: bulk.settledMinor + (sums?.settledMinor ?? 0n),
    failedMinor: bulk.failedMinor + (sums?.failedMinor ?? 0n),
    cancelledMinor: bulk.cancelledMinor + (sums?.cancelledMinor ?? 0n),
    returnedMinor: bulk.returnedMinor + (sums?.returnedMinor ?? 0n),
  };
}
