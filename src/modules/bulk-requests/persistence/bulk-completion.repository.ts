import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { OnFailure, Origin, Priority } from '../domain/bulk-request.js';
import type { BulkRequestStatus } from '../domain/bulk-request.state.js';
import type { FinalCounts } from '../domain/completion.js';

/** A bulk as discovery knows it. */
export interface BulkKey {
  readonly id: string;
  readonly organizationId: string;
}

/** What ending a bulk needs of it under its lock. */
export interface LockedBulkRequest {
  readonly id: string;
  readonly organizationId: string;
  readonly status: BulkRequestStatus;
  readonly onFailure: OnFailure;
  readonly stoppedBy: 'on_failure' | 'request' | null;
  readonly debtorAccountId: string;
  readonly currency: string;
  readonly rail: string;
  readonly priority: Priority;
  readonly origin: Origin | null;
  readonly originId: string | null;
  readonly transferCount: number;
}

/** Nobody has to be asked about a line of it. */
const NO_REVIEW = `b.manual_review_count + (SELECT coalesce(sum(t.manual_review_count), 0)
  FROM bulk_tallies t WHERE t.bulk_id = b.id) = 0`;

const REVERSALS = `SELECT FROM bulk_requests r WHERE r.origin_id = b.id AND r.origin = 'reversal'`;

/**
 * Nothing is left to do but to complete it: no chunk, no person's decision, no reversal under way. A bulk that is to be reversed goes on
 * without the lines that wait for a person.
 */
const COMPLETABLE = `b.completed_at IS NULL AND b.status IN ('processing', 'paused', 'cancelling', 'reversing')
  AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.bulk_id = b.id AND c.closed_at IS NULL)
  AND NOT EXISTS (${REVERSALS} AND r.completed_at IS NULL)
  AND (${NO_REVIEW} OR (b.status = 'reversing' AND NOT EXISTS (${REVERSALS})))`;

/** How bulks end: stopped, reversed, completed. */
@Injectable()
export class BulkCompletionRepository {
  async lock(tx: Tx, id: string): Promise<LockedBulkRequest | null> {
    const [row] = await tx.query<LockedBulkRequest>(
      `SELECT id, organization_id AS "organizationId", status, on_failure AS "onFailure", stopped_by AS "stoppedBy",
              debtor_account_id AS "debtorAccountId", currency, rail, priority, origin, origin_id AS "originId",
              transfer_count AS "transferCount"
         FROM bulk_requests WHERE id = $1 FOR NO KEY UPDATE`,
      [id],
    );
    return row ?? null;
  }

  /** Nothing is sent any more. False when the bulk is no longer in the expected state. */
  async stop(
    tx: Tx,
    bulk: { id: string; from: BulkRequestStatus; to: 'cancelling' | 'reversing' },
    stoppedBy: 'on_failure' | 'request',
  ): Promise<boolean> {
    const updated = await tx.execute(
      `UPDATE bulk_requests SET status = $3, stopped_by = $4 WHERE id = $1 AND status = $2`,
      [bulk.id, bulk.from, bulk.to, stoppedBy],
    );
    return updated === 1;
  }

  /** False when the bulk is no longer in the expected state. */
  async complete(
    tx: Tx,
    bulk: { id: string; from: BulkRequestStatus; to: BulkRequestStatus },
    counts: FinalCounts,
  ): Promise<boolean> {
    const updated = await tx.execute(
      `UPDATE bulk_requests SET status = $3, completed_at = now(), pending_count = 0, submitted_count = 0,
              in_doubt_count = 0, manual_review_count = 0, settled_count = $4, failed_count = $5, cancelled_count = $6,
              returned_count = $7, settled_minor = $8, failed_minor = $9, cancelled_minor = $10, returned_minor = $11
        WHERE id = $1 AND status = $2`,
      [
        bulk.id,
        bulk.from,
        bulk.to,
        counts.settled,
        counts.failed,
        counts.cancelled,
        counts.returned,
        counts.settledMinor,
        counts.failedMinor,
        counts.cancelledMinor,
        counts.returnedMinor,
      ],
    );
    return updated === 1;
  }

  /** One more completion that did not add up; how many there were. */
  async countFailure(tx: Tx, id: string): Promise<number> {
    const [row] = await tx.query<{ failures: number }>(
      `UPDATE bulk_requests SET completion_failures = completion_failures + 1 WHERE id = $1
        RETURNING completion_failures AS failures`,
      [id],
    );
    return row?.failures ?? 0;
  }

  async clearFailures(tx: Tx, id: string): Promise<void> {
    await tx.execute(`UPDATE bulk_requests SET completion_failures = 0 WHERE id = $1`, [id]);
  }

  /** Whether something that takes payments of this bulk back is still under way. */
  async hasOpenReversals(on: Queryable, id: string): Promise<boolean> {
    const rows = await on.query(
      `SELECT 1 FROM bulk_requests WHERE origin_id = $1 AND origin = 'reversal' AND completed_at IS NULL LIMIT 1`,
      [id],
    );
    return rows.length > 0;
  }

  /** Bulks whose completion nobody has asked for: their worker died between its commit and the question. */
  async findForgotten(on: Queryable, limit: number): Promise<BulkKey[]> {
    return on.query<BulkKey>(
      `SELECT b.id, b.organization_id AS "organizationId" FROM bulk_requests b
        WHERE ${COMPLETABLE} AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.dedupe_key = 'complete:' || b.id)
        ORDER BY b.id LIMIT $1`,
      [limit],
    );
  }

  /** The next bulk that can be completed, the oldest first, of anybody without an organization: for stepping by hand. */
  async findCompletable(on: Queryable, organizationId: string | null): Promise<BulkKey | null> {
    const [row] = await on.query<BulkKey>(
      `SELECT b.id, b.organization_id AS "organizationId" FROM bulk_requests b
        WHERE ${COMPLETABLE} AND ($1::uuid IS NULL OR b.organization_id = $1) ORDER BY b.id LIMIT 1`,
      [organizationId],
    );
    return row ?? null;
  }
}
