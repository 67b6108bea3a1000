import { Injectable } from '@nestjs/common';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { BulkRequest, OnFailure, Origin, Priority, RejectedLine, Validation } from '../domain/bulk-request.js';
import type { BulkRequestStatus } from '../domain/bulk-request.state.js';

/** A bulk's own row: its counts lack what the tallies still hold. */
export interface BulkRequestRow extends Omit<BulkRequest, 'counts'> {
  readonly pending: number;
  readonly submitted: number;
  readonly inDoubt: number;
  readonly manualReview: number;
  readonly settled: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly returned: number;
}

export interface NewBulkRequest {
  readonly id: string;
  readonly organizationId: string;
  readonly requestId: string | null;
  readonly correlationId: string | null;
  readonly debtorAccountId: string;
  readonly currency: string;
  readonly onFailure: OnFailure;
  readonly validation: Validation;
  readonly priority: Priority;
  readonly rail: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly origin: Origin | null;
  readonly originId: string | null;
  readonly totalMinor: bigint;
  readonly transferCount: number;
  readonly rejectedCount: number;
  readonly rejectedLines: readonly RejectedLine[];
}

export interface BulkRequestFilter {
  readonly organizationId: string;
  readonly status?: BulkRequestStatus | undefined;
  readonly created: {
    readonly from: Date | null;
    readonly before: Date | null;
    readonly idFrom: string | null;
    readonly idBefore: string | null;
  };
}

const COLUMNS = `id, organization_id AS "organizationId", request_id AS "requestId", status, on_failure AS "onFailure",
  debtor_account_id AS "debtorAccountId", currency, total_minor AS "totalMinor", transfer_count AS "transferCount",
  rejected_count AS "rejectedCount", rejected_lines AS "rejectedLines", warnings, validation, priority, rail,
  requested_execution_date AS "requestedExecutionDate", metadata, origin, origin_id AS "originId", created_at AS "createdAt",
  completed_at AS "completedAt", pending_count AS pending, submitted_count AS submitted, in_doubt_count AS "inDoubt",
  manual_review_count AS "manualReview", settled_count AS settled, failed_count AS failed,
  cancelled_count AS cancelled, returned_count AS returned, settled_minor AS "settledMinor",
  failed_minor AS "failedMinor", cancelled_minor AS "cancelledMinor", returned_minor AS "returnedMinor"`;

const FIND_BULK_REQUEST = prepared(
  'find_bulk_request',
  `SELECT ${COLUMNS} FROM bulk_requests WHERE id = $1 AND organization_id = $2`,
);

@Injectable()
export class BulkRequestRepository {
  /** Null when the organization has used this `request_id` before, however long ago. */
  async insert(
    tx: Tx,
    bulk: NewBulkRequest,
    status: 'processing' | 'awaiting_approval' = 'processing',
  ): Promise<BulkRequestRow | null> {
    const [row] = await tx.query<BulkRequestRow>(
      `INSERT INTO bulk_requests (id, organization_id, request_id, correlation_id, debtor_account_id, currency, status,
         on_failure, validation, priority, rail, metadata, total_minor, transfer_count, pending_count, rejected_count, rejected_lines,
         origin, origin_id)
       VALUES ($1, $2, $3, $4, $5, $6, $18, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15::jsonb, $16, $17)
       ON CONFLICT (organization_id, request_id) DO NOTHING RETURNING ${COLUMNS}`,
      [
        bulk.id,
        bulk.organizationId,
        bulk.requestId,
        bulk.correlationId,
        bulk.debtorAccountId,
        bulk.currency,
        bulk.onFailure,
        bulk.validation,
        bulk.priority,
        bulk.rail,
        bulk.metadata,
        bulk.totalMinor,
        bulk.transferCount,
        bulk.rejectedCount,
        JSON.stringify(bulk.rejectedLines),
        bulk.origin,
        bulk.originId,
        status,
      ],
    );
    return row ?? null;
  }

  /** What is shown with it. Returns the bulk as it is then. */
  async warn(tx: Tx, bulk: BulkRequestRow, warnings: readonly string[]): Promise<BulkRequestRow> {
    await tx.execute(`UPDATE bulk_requests SET warnings = $2::jsonb WHERE id = $1`, [
      bulk.id,
      JSON.stringify(warnings),
    ]);
    return { ...bulk, warnings };
  }

  async find(on: Queryable, organizationId: string, id: string): Promise<BulkRequestRow | null> {
    const [row] = await on.query<BulkRequestRow>(FIND_BULK_REQUEST, [id, organizationId]);
    return row ?? null;
  }

  /**
   * The one before it of the same kind: from the same account, with the same `kind` in its metadata, if it has one. What was never to be
   * paid, or makes up for another, is none.
   */
  async findPrevious(on: Queryable, { id, organizationId, debtorAccountId, metadata }: BulkRequestRow) {
    const [row] = await on.query<BulkRequestRow>(
      `SELECT ${COLUMNS} FROM bulk_requests
        WHERE organization_id = $1 AND id < $2 AND debtor_account_id = $3 AND origin IS NULL
          AND (kind = $4 OR ($4::text IS NULL AND kind IS NULL)) AND status NOT IN ('rejected', 'cancelled', 'awaiting_approval')
        ORDER BY id DESC LIMIT 1`,
      [organizationId, id, debtorAccountId, metadata.kind ?? null],
    );
    return row ?? null;
  }

  async findIdByRequestId(on: Queryable, organizationId: string, requestId: string): Promise<string | null> {
    const [row] = await on.query<{ id: string }>(
      `SELECT id FROM bulk_requests WHERE organization_id = $1 AND request_id = $2`,
      [organizationId, requestId],
    );
    return row?.id ?? null;
  }

  /** Newest first, before `beforeId`. */
  async list(
    on: Queryable,
    filter: BulkRequestFilter,
    beforeId: string | null,
    limit: number,
  ): Promise<BulkRequestRow[]> {
    return on.query<BulkRequestRow>(
      `SELECT ${COLUMNS} FROM bulk_requests
        WHERE organization_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::uuid IS NULL OR id >= $3)
          AND ($4::uuid IS NULL OR id < $4) AND ($5::timestamptz IS NULL OR created_at >= $5)
          AND ($6::timestamptz IS NULL OR created_at < $6) AND ($7::text IS NULL OR status = $7)
        ORDER BY id DESC LIMIT $8`,
      [
        filter.organizationId,
        beforeId,
        filter.created.idFrom,
        filter.created.idBefore,
        filter.created.from,
        filter.created.before,
        filter.status ?? null,
        limit,
      ],
    );
  }
}
