import { Injectable } from '@nestjs/common';
import { transferIdOf } from '../../../domain/ids.js';
import { Database, PLATFORM, type Queryable } from '../../../platform/database/index.js';
import {
  AGREEING_STATUSES,
  type BookedTransfer,
  type Booking,
  type BookingStatus,
  type ComparedBooking,
} from '../domain/classify-booking.js';
import type { ChangedBooking } from '../domain/find-breaks.js';
import type { Run } from '../domain/run.js';

/** A booking beside our books, and whose it is. */
export interface BookingOfRun extends ComparedBooking {
  readonly organizationId: string | null;
  readonly transferId: string | null;
  readonly bulkId: string | null;
}

/** Where a page of bookings ended. */
export type BookingPosition = Pick<Booking, 'railId' | 'status'>;

interface CandidateRow extends Booking {
  readonly organizationId: string | null;
  readonly transferId: string | null;
  readonly bulkId: string | null;
  readonly earlier: number;
  readonly isEvidence: boolean;
  readonly transferRail: string | null;
  readonly transferStatus: string | null;
  readonly transferAmountMinor: bigint | null;
  readonly transferCurrency: string | null;
  readonly settledAt: Date | null;
}

interface ChangedRow extends Booking {
  readonly organizationId: string | null;
  readonly transferId: string | null;
  readonly newReference: string;
  readonly newAmountMinor: bigint;
  readonly newCurrency: string;
  readonly newBookedAt: Date;
}

/** Bookings as they come in ($1 to $7) on a rail's statement ($8). */
const INCOMING = `unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::timestamptz[])
  AS i (rail_id, status, reference, transfer_id, amount_minor, currency, booked_at)`;

/**
 * The lines a run ($1 its id, $2 its rail, $3 its organization, $4 and $5 its period) looks at: those of the period, and those that it
 * imported, for a rail may tell later of a day that was looked at already. Two walks of an index and no OR, and gathered before anything
 * is sorted: otherwise the planner may walk the rail's whole statement, of years.
 */
const OF_RUN = `looked AS MATERIALIZED (
  SELECT * FROM statement_lines
   WHERE rail = $2 AND ($3::uuid IS NULL OR organization_id = $3) AND booked_at >= $4 AND booked_at < $5
  UNION ALL
  SELECT * FROM statement_lines
   WHERE run_id = $1 AND rail = $2 AND ($3::uuid IS NULL OR organization_id = $3)
     AND NOT (booked_at >= $4 AND booked_at < $5))`;

const agreeing = (Object.keys(AGREEING_STATUSES) as BookingStatus[])
  .map((booked) => `(s.status = '${booked}' AND t.status IN ('${AGREEING_STATUSES[booked].join("', '")}'))`)
  .join(' OR ');

/** What a line is compared with. Bookings of one transfer are told apart by the id the rail gave it, then by their time. */
const comparedOf = (lines: 'looked' | 'page'): string => `${lines} s
  LEFT JOIN transfers t ON t.id = s.transfer_id
  LEFT JOIN LATERAL (
    SELECT count(*)::int AS earlier FROM statement_lines o
     WHERE o.transfer_id = s.transfer_id AND o.rail = s.rail AND o.status = s.status AND o.rail_id <> s.rail_id
       AND (o.rail_id IS DISTINCT FROM t.rail_id, o.booked_at, o.rail_id)
           < (s.rail_id IS DISTINCT FROM t.rail_id, s.booked_at, s.rail_id)) d ON true`;

/** Exactly what `classifyBooking` does not call matched. Never null: what is not true of a line is false. */
const DISAGREES = `(t.id IS NULL OR t.rail <> s.rail OR t.amount_minor <> s.amount_minor OR t.currency <> s.currency
  OR NOT (${agreeing}) OR (d.earlier > 0 AND s.status <> 'rejected')
  OR coalesce(s.status = 'settled' AND s.booked_at > t.settled_at + interval '1 day', false))`;

@Injectable()
export class StatementRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(PLATFORM);
  }

  /** Keeps the lines that are in the run's scope; one that is there already stays as it is. */
  async insert(run: Pick<Run, 'id' | 'rail' | 'organizationId'>, bookings: readonly Booking[]): Promise<void> {
    await this.all.execute(
      `INSERT INTO statement_lines (rail, rail_id, status, reference, transfer_id, organization_id, amount_minor, currency,
                                    booked_at, run_id)
       SELECT $8, i.rail_id, i.status, i.reference, t.id, t.organization_id, i.amount_minor, i.currency, i.booked_at, $10
         FROM ${INCOMING} LEFT JOIN transfers t ON t.id = i.transfer_id
        WHERE $9::uuid IS NULL OR t.organization_id = $9
        ORDER BY i.rail_id, i.status
       ON CONFLICT (rail, rail_id, status) DO NOTHING`,
      [...columnsOf(bookings), run.rail, run.organizationId, run.id],
    );
  }

  /** Which of these lines were imported before with another reference, amount or currency. */
  async listChanged(
    run: Pick<Run, 'rail' | 'organizationId'>,
    bookings: readonly Booking[],
  ): Promise<ChangedBooking[]> {
    const rows = await this.all.query<ChangedRow>(
      `SELECT s.rail_id AS "railId", s.status, s.reference, s.amount_minor AS "amountMinor", s.currency,
              s.booked_at AS "bookedAt", s.organization_id AS "organizationId", s.transfer_id AS "transferId",
              i.reference AS "newReference", i.amount_minor AS "newAmountMinor", i.currency AS "newCurrency",
              i.booked_at AS "newBookedAt"
         FROM ${INCOMING}
         JOIN statement_lines s ON s.rail = $8 AND s.rail_id = i.rail_id AND s.status = i.status
        WHERE (s.reference, s.amount_minor, s.currency) <> (i.reference, i.amount_minor, i.currency)
          AND ($9::uuid IS NULL OR s.organization_id = $9)`,
      [...columnsOf(bookings), run.rail, run.organizationId],
    );
    return rows.map((row) => {
      const { organizationId, transferId, railId, status, reference, amountMinor, currency, bookedAt } = row;
      return {
        organizationId,
        transferId,
        before: { railId, status, reference, amountMinor, currency, bookedAt },
        now: {
          railId,
          status,
          reference: row.newReference,
          amountMinor: row.newAmountMinor,
          currency: row.newCurrency,
          bookedAt: row.newBookedAt,
        },
      };
    });
  }

  /**
   * Looks at the next `limit` lines of the run: those that do not agree with our books, and, whatever it says, the last one, behind which
   * the next page begins. Empty when all were looked at.
   */
  async lookAt(run: Run, after: BookingPosition | null, limit: number): Promise<BookingOfRun[]> {
    const rows = await this.all.query<CandidateRow>(
      `WITH ${OF_RUN}, page AS MATERIALIZED (
         SELECT * FROM looked WHERE (rail_id, status) > ($6, $7) ORDER BY rail_id, status LIMIT $8)
       SELECT s.rail_id AS "railId", s.status, s.reference, s.amount_minor AS "amountMinor", s.currency,
              s.booked_at AS "bookedAt", s.organization_id AS "organizationId", s.transfer_id AS "transferId",
              s.evidence_run_id IS NOT NULL AS "isEvidence", d.earlier, t.bulk_id AS "bulkId", t.rail AS "transferRail",
              t.status AS "transferStatus", t.amount_minor AS "transferAmountMinor", t.currency AS "transferCurrency",
              t.settled_at AS "settledAt"
         FROM ${comparedOf('page')}
        WHERE ${DISAGREES}
           OR (s.rail_id, s.status) = (SELECT rail_id, status FROM page ORDER BY rail_id DESC, status DESC LIMIT 1)
        ORDER BY s.rail_id, s.status`,
      [...scopeOf(run), after?.railId ?? '', after?.status ?? '', limit],
    );
    return rows.map((row) => ({ ...row, rail: run.rail, transfer: transferOf(row) }));
  }

  /** Remembers which lines the engine was given. */
  async markEvidence(run: Run, positions: readonly BookingPosition[]): Promise<void> {
    await this.all.execute(
      `UPDATE statement_lines s SET evidence_run_id = $1
         FROM unnest($3::text[], $4::text[]) AS i (rail_id, status)
        WHERE s.rail = $2 AND s.rail_id = i.rail_id AND s.status = i.status AND s.evidence_run_id IS NULL`,
      [run.id, run.rail, positions.map((one) => one.railId), positions.map((one) => one.status)],
    );
  }

  /** What the run looked at, and what it came to. Counted, not added up: a run that is taken up again counts nothing twice. */
  async count(run: Run): Promise<{ statementLines: number; newLines: number; matched: number; evidence: number }> {
    const [row] = await this.all.query<{
      statementLines: number;
      newLines: number;
      matched: number;
      evidence: number;
    }>(
      `WITH ${OF_RUN}
       SELECT count(*)::int AS "statementLines",
              count(*) FILTER (WHERE s.run_id = $1)::int AS "newLines",
              count(*) FILTER (WHERE NOT ${DISAGREES} AND s.evidence_run_id IS DISTINCT FROM $1)::int AS matched,
              count(*) FILTER (WHERE s.evidence_run_id = $1)::int AS evidence
         FROM ${comparedOf('looked')}`,
      scopeOf(run),
    );
    return row ?? { statementLines: 0, newLines: 0, matched: 0, evidence: 0 };
  }

  /** Bookings of the run's lines that a break said were missing. */
  async listBookedAfterAll(run: Run): Promise<(Booking & { readonly breakKey: string })[]> {
    return this.all.query(
      `WITH ${OF_RUN}
       SELECT b.dedupe_key AS "breakKey", s.rail_id AS "railId", s.status, s.reference, s.amount_minor AS "amountMinor",
              s.currency, s.booked_at AS "bookedAt"
         FROM looked s
         JOIN reconciliation_breaks b ON b.transfer_id = s.transfer_id AND b.class = 'missing_there' AND b.rail = s.rail
        WHERE s.status = 'settled'
        ORDER BY s.booked_at, s.rail_id`,
      scopeOf(run),
    );
  }
}

const scopeOf = ({ id, rail, organizationId, from, to }: Run): unknown[] => [id, rail, organizationId, from, to];

const columnsOf = (bookings: readonly Booking[]): unknown[] => [
  bookings.map((booking) => booking.railId),
  bookings.map((booking) => booking.status),
  bookings.map((booking) => booking.reference),
  bookings.map((booking) => transferIdOf(booking.reference)),
  bookings.map((booking) => booking.amountMinor),
  bookings.map((booking) => booking.currency),
  bookings.map((booking) => booking.bookedAt),
];

function transferOf(row: CandidateRow): BookedTransfer | null {
  const { transferRail, transferStatus, transferAmountMinor, transferCurrency, settledAt } = row;
  if (transferRail === null || transferStatus === null || transferAmountMinor === null || transferCurrency === null) {
    return null;
  }
  return {
    rail: transferRail,
    status: transferStatus,
    amountMinor: transferAmountMinor,
    currency: transferCurrency,
    settledAt,
  };
}
