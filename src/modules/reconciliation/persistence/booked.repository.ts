import { Injectable } from '@nestjs/common';
import { minIdAt } from '../../../domain/ids.js';
import { Database, PLATFORM, type Queryable } from '../../../platform/database/index.js';
import type { BookedSettlement, StrandedReturn } from '../domain/find-breaks.js';

/** How far the clocks that make ids and the one that stamps rows may be apart; ids only narrow the search. */
const CLOCK_SLACK_MS = 86_400_000;

export interface SettledPeriod {
  readonly rail: string;
  readonly organizationId: string | null;
  readonly from: Date;
  readonly to: Date;
  /** For how long before its end, or before now, what we booked may still appear on the statement. */
  readonly horizonMs: number;
}

/**
 * What we booked on a rail's clearing accounts in a period and the statement has nothing of: that it was rejected contradicts our state,
 * which is another finding. A payment credits the clearing account, one that takes another back debits it.
 */
const UNBOOKED = `
  (SELECT e.transfer_id, e.organization_id, e.amount_minor, e.currency, e.created_at
     FROM accounts a JOIN ledger_entries e ON e.credit_account_id = a.id
    WHERE a.kind = 'clearing' AND a.rail = $1 AND ($2::uuid IS NULL OR a.organization_id = $2)
      AND e.kind = 'settlement' AND e.id >= $5 AND e.id < $6 AND e.created_at >= $3
      AND e.created_at < least($4, now()) - $7 * interval '1 ms'
   UNION ALL
   SELECT e.transfer_id, e.organization_id, e.amount_minor, e.currency, e.created_at
     FROM accounts a JOIN ledger_entries e ON e.debit_account_id = a.id
    WHERE a.kind = 'clearing' AND a.rail = $1 AND ($2::uuid IS NULL OR a.organization_id = $2)
      AND e.kind = 'reversal' AND e.id >= $5 AND e.id < $6 AND e.created_at >= $3
      AND e.created_at < least($4, now()) - $7 * interval '1 ms') AS b
  JOIN transfers t ON t.id = b.transfer_id
 WHERE NOT EXISTS (SELECT FROM statement_lines s
                    WHERE s.transfer_id = b.transfer_id AND s.rail = $1 AND s.status IN ('settled', 'rejected'))`;

/** What our books say about a rail. Reads tables of the ledger, of accounts and of transfers, in one statement each. */
@Injectable()
export class BookedRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(PLATFORM);
  }

  /** Settlements without a booking, by transfer, page by page. */
  async listUnbooked(period: SettledPeriod, afterId: string | null, limit: number): Promise<BookedSettlement[]> {
    return this.all.query<BookedSettlement>(
      `SELECT t.id AS "transferId", b.organization_id AS "organizationId", t.bulk_id AS "bulkId",
              b.amount_minor AS "amountMinor", b.currency, b.created_at AS "bookedAt"
         FROM ${UNBOOKED} AND ($8::uuid IS NULL OR t.id > $8)
        ORDER BY t.id LIMIT $9`,
      [...parametersOf(period), afterId, limit],
    );
  }

  /** When the oldest of those transfers was made: no rail can have booked it before. Null when there is none. */
  async earliestUnbooked(period: SettledPeriod): Promise<Date | null> {
    const [row] = await this.all.query<{ madeAt: Date | null }>(
      `SELECT min(t.created_at) AS "madeAt" FROM ${UNBOOKED}`,
      parametersOf(period),
    );
    return row?.madeAt ?? null;
  }

  /** Returns that could only be booked on suspense and that no break tells of, of whatever rail. The oldest first. */
  async listStranded(organizationId: string | null, limit: number): Promise<StrandedReturn[]> {
    return this.all.query<StrandedReturn>(
      `SELECT e.id AS "entryId", t.rail, t.id AS "transferId", e.organization_id AS "organizationId", t.bulk_id AS "bulkId",
              e.amount_minor AS "amountMinor", e.currency, e.created_at AS "bookedAt",
              EXISTS (SELECT FROM transfers o JOIN ledger_entries f ON f.transfer_id = o.id
                       WHERE (e.kind = 'return' AND o.origin_transfer_id = t.id AND f.kind = 'reversal')
                          OR (e.kind = 'reversal' AND o.id = t.origin_transfer_id AND f.kind = 'return'))
                AS "cameBackTwice"
         FROM accounts a
         JOIN ledger_entries e ON e.credit_account_id = a.id AND e.kind IN ('return', 'reversal')
         JOIN transfers t ON t.id = e.transfer_id
        WHERE a.kind = 'suspense' AND ($1::uuid IS NULL OR a.organization_id = $1)
          AND NOT EXISTS (SELECT FROM reconciliation_breaks b WHERE b.dedupe_key = 'stranded:' || e.id)
        ORDER BY e.id LIMIT $2`,
      [organizationId, limit],
    );
  }
}

const parametersOf = ({ rail, organizationId, from, to, horizonMs }: SettledPeriod): unknown[] => [
  rail,
  organizationId,
  from,
  to,
  minIdAt(from.getTime() - CLOCK_SLACK_MS),
  minIdAt(to.getTime() + CLOCK_SLACK_MS),
  horizonMs,
];
