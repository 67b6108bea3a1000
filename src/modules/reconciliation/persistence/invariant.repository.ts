import { Injectable } from '@nestjs/common';
import { Database, PLATFORM, type Queryable } from '../../../platform/database/index.js';
import { type InvariantCheck, invariantKey, type Violation } from '../domain/invariant-check.js';

/** What the ledger itself does not check: that transfers, holds and bulk requests say the same as it. */
export type BookCheck = Exclude<
  InvariantCheck,
  'currency_sums_to_zero' | 'posted_is_sum_of_entries' | 'reserved_is_sum_of_holds'
>;

export interface Offenders {
  /** How many there are. */
  readonly total: number;
  /** Some of them; those that no break was opened for come first. */
  readonly violations: readonly Violation[];
}

/**
 * One statement each, so that none sees half a commit. $1 is the organization, or null. Each answers the columns of a `Violation`;
 * amounts in what it says are minor units.
 */
const CHECKS: Readonly<Record<BookCheck, string>> = {
  settlement_booked_once: `
    SELECT t.id::text AS subject, t.organization_id, t.bulk_id, t.id AS transfer_id, t.amount_minor, t.currency,
           format('%s: settlements %s, reversals %s, returns %s', t.status, x.settlement, x.reversal, x.return) AS expected,
           format('settlements %s, reversals %s, returns %s', k.settlement, k.reversal, k.return) AS found
      FROM transfers t
      JOIN bulk_requests b ON b.id = t.bulk_id
      LEFT JOIN (
        SELECT transfer_id, currency,
               sum(amount_minor) FILTER (WHERE kind = 'settlement') AS settlement,
               sum(amount_minor) FILTER (WHERE kind = 'reversal') AS reversal,
               sum(amount_minor) FILTER (WHERE kind = 'return') AS return
          FROM ledger_entries
         WHERE transfer_id IS NOT NULL AND ($1::uuid IS NULL OR organization_id = $1)
         GROUP BY transfer_id, currency) e ON e.transfer_id = t.id AND e.currency = t.currency
     CROSS JOIN LATERAL (
       SELECT coalesce(e.settlement, 0) AS settlement, coalesce(e.reversal, 0) AS reversal,
              coalesce(e.return, 0) AS return) k
     CROSS JOIN LATERAL (
       SELECT CASE WHEN t.status IN ('settled', 'returned') THEN t.amount_minor ELSE 0 END AS paid) p
     CROSS JOIN LATERAL (
       SELECT CASE WHEN b.origin IS DISTINCT FROM 'reversal' THEN p.paid ELSE 0 END AS settlement,
              CASE WHEN b.origin = 'reversal' THEN p.paid ELSE 0 END AS reversal,
              CASE WHEN t.status = 'returned' THEN t.amount_minor ELSE 0 END AS return) x
     WHERE ($1::uuid IS NULL OR t.organization_id = $1)
       AND (k.settlement, k.reversal, k.return) <> (x.settlement, x.reversal, x.return)`,
  lines_of_bulk_exist: `
    SELECT b.id::text AS subject, b.organization_id, b.id AS bulk_id, NULL::uuid AS transfer_id,
           b.total_minor AS amount_minor, b.currency,
           format('%s lines of together %s', b.transfer_count, b.total_minor) AS expected,
           format('%s lines of together %s', count(t.id), coalesce(sum(t.amount_minor), 0)) AS found
      FROM bulk_requests b LEFT JOIN transfers t ON t.bulk_id = b.id
     WHERE $1::uuid IS NULL OR b.organization_id = $1
     GROUP BY b.id
    HAVING count(t.id) <> b.transfer_count OR coalesce(sum(t.amount_minor), 0) <> b.total_minor`,
  hold_follows_lines: `
    SELECT b.id::text AS subject, b.organization_id, b.id AS bulk_id, NULL::uuid AS transfer_id,
           b.total_minor AS amount_minor, b.currency,
           format('held %s, captured %s, released %s', s.total, s.paid, s.unpaid) AS expected,
           CASE WHEN h.id IS NULL THEN 'no hold'
                ELSE format('held %s, captured %s, released %s', h.amount_minor, h.captured_minor, h.released_minor)
            END AS found
      FROM bulk_requests b
      LEFT JOIN holds h ON h.purpose = 'bulk_request' AND h.reference_id = b.id
      JOIN (SELECT bulk_id, sum(amount_minor) AS total,
                   coalesce(sum(amount_minor) FILTER (WHERE status IN ('settled', 'returned')), 0) AS paid,
                   coalesce(sum(amount_minor) FILTER (WHERE status IN ('failed', 'cancelled')), 0) AS unpaid
              FROM transfers WHERE $1::uuid IS NULL OR organization_id = $1 GROUP BY bulk_id) s ON s.bulk_id = b.id
     -- Nothing is reserved for a reversal: it brings money in.
     WHERE b.origin IS DISTINCT FROM 'reversal' AND ($1::uuid IS NULL OR b.organization_id = $1)
       AND (h.id IS NULL
            OR (h.amount_minor, h.captured_minor, h.released_minor) <> (s.total, s.paid, s.unpaid)
            OR (b.completed_at IS NOT NULL AND h.captured_minor + h.released_minor <> h.amount_minor))`,
  open_line_has_work: `
    SELECT t.id::text AS subject, t.organization_id, t.bulk_id, t.id AS transfer_id, t.amount_minor, t.currency,
           format('%s, in a chunk that is not closed', t.status) AS expected,
           CASE WHEN c.id IS NULL THEN 'no chunk' ELSE 'chunk ' || c.id || ' is closed' END AS found
      FROM bulk_requests b
      JOIN transfers t ON t.bulk_id = b.id
      LEFT JOIN chunks c ON c.id = t.chunk_id
     WHERE b.completed_at IS NULL AND ($1::uuid IS NULL OR b.organization_id = $1)
       AND t.status IN ('pending', 'submitted', 'in_doubt') AND (c.id IS NULL OR c.closed_at IS NOT NULL)`,
  completed_once: `
    SELECT b.id::text AS subject, b.organization_id, b.id AS bulk_id, NULL::uuid AS transfer_id,
           b.total_minor AS amount_minor, b.currency,
           CASE WHEN f.is_final THEN b.status || ', completed, nothing open' ELSE b.status || ', not completed' END AS expected,
           format('completed at %s, %s lines open', coalesce(b.completed_at::text, 'no time'), o.open) AS found
      FROM bulk_requests b
     CROSS JOIN LATERAL (
       SELECT b.status IN ('completed', 'partially_completed', 'failed', 'cancelled', 'reversed', 'rejected') AS is_final) f
     CROSS JOIN LATERAL (
       SELECT count(*) AS open FROM transfers t
        WHERE b.completed_at IS NOT NULL AND t.bulk_id = b.id
          AND t.status IN ('pending', 'submitted', 'in_doubt', 'manual_review')) o
     WHERE ($1::uuid IS NULL OR b.organization_id = $1) AND b.status <> 'rejected'
       AND ((b.completed_at IS NOT NULL) <> f.is_final OR o.open > 0)`,
};

export const BOOK_CHECKS = Object.keys(CHECKS) as BookCheck[];

/** Reads whole tables of transfers, bulk requests, accounts and the ledger: for nightly checks, and on demand. */
@Injectable()
export class InvariantRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(PLATFORM);
  }

  async find(check: BookCheck, organizationId: string | null, limit: number): Promise<Offenders> {
    const rows = await this.all.query<Violation & { total: number }>(
      `SELECT v.subject, v.organization_id AS "organizationId", v.bulk_id AS "bulkId", v.transfer_id AS "transferId",
              v.amount_minor AS "amountMinor", v.currency, v.expected, v.found, count(*) OVER ()::int AS total
         FROM (${CHECKS[check]}) v
        ORDER BY EXISTS (SELECT FROM reconciliation_breaks b WHERE b.dedupe_key = $2 || v.subject), v.subject
        LIMIT $3`,
      [organizationId, invariantKey(check, ''), limit],
    );
    return { total: rows[0]?.total ?? 0, violations: rows.map(({ total: _, ...violation }) => violation) };
  }
}
