import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY, type Queryable } from '../../../platform/database/index.js';

@Injectable()
export class TransferMetricsRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(DISCOVERY);
  }

  /** Transfers of bulks that are not completed, by state: their own counts and what tallies add. Never reads the transfers. */
  async openByStatus(): Promise<{ status: string; count: number }[]> {
    return this.all.query(
      `WITH open AS (SELECT id, pending_count, submitted_count, in_doubt_count, manual_review_count
                        FROM bulk_requests WHERE completed_at IS NULL),
            part AS (
              SELECT pending_count, submitted_count, in_doubt_count, manual_review_count FROM open
              UNION ALL
              SELECT t.pending_count, t.submitted_count, t.in_doubt_count, t.manual_review_count
                FROM bulk_tallies t JOIN open ON open.id = t.bulk_id)
       SELECT s.status, coalesce(sum(s.count), 0)::int AS count
         FROM part CROSS JOIN LATERAL (VALUES ('pending', pending_count), ('submitted', submitted_count),
              ('in_doubt', in_doubt_count), ('manual_review', manual_review_count)) AS s (status, count)
        GROUP BY s.status`,
    );
  }

  /** Unfinished chunks by rail and state, and for how long the oldest due one has waited, in seconds. */
  async chunks(): Promise<{ rail: string; status: string; count: number; oldestSeconds: number }[]> {
    return this.all.query(
      `SELECT rail, status, count(*)::int AS count,
              greatest(0, coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE isfinite(due_at))), 0))::float8 AS "oldestSeconds"
         FROM chunks WHERE closed_at IS NULL GROUP BY rail, status`,
    );
  }
}
