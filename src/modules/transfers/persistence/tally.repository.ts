import { Injectable } from '@nestjs/common';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { Tally } from '../domain/plan-record.js';
import type { StoredTransferStatus } from '../domain/transfer.state.js';

/** Sums of a bulk's tallies; amounts in minor units. */
export interface TallySums {
  readonly pending: number;
  readonly submitted: number;
  readonly inDoubt: number;
  readonly manualReview: number;
  readonly settled: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly returned: number;
  readonly settledMinor: bigint;
  readonly failedMinor: bigint;
  readonly cancelledMinor: bigint;
  readonly returnedMinor: bigint;
}

/** The sums of the tallies that are not in the bulk's row, and the lines inside a window right now. */
export interface CurrentTallies extends TallySums {
  readonly submitting: number;
  /** The bulk is completed: what its tallies said until then is in its row. */
  readonly isFolded: boolean;
}

/** A bulk's lines by state beside its tallies. */
export interface Recount {
  readonly lines: readonly {
    readonly status: StoredTransferStatus;
    readonly count: number;
    readonly sumMinor: bigint;
  }[];
  readonly tallies: TallySums;
  readonly tallyIds: readonly string[];
}

const sum = (column: string, type: string, alias: string): string =>
  `coalesce(sum(${column}), 0)::${type} AS "${alias}"`;

const SUMS = [
  sum('pending_count', 'int', 'pending'),
  sum('submitted_count', 'int', 'submitted'),
  sum('in_doubt_count', 'int', 'inDoubt'),
  sum('manual_review_count', 'int', 'manualReview'),
  sum('settled_count', 'int', 'settled'),
  sum('failed_count', 'int', 'failed'),
  sum('cancelled_count', 'int', 'cancelled'),
  sum('returned_count', 'int', 'returned'),
  sum('settled_minor', 'bigint', 'settledMinor'),
  sum('failed_minor', 'bigint', 'failedMinor'),
  sum('cancelled_minor', 'bigint', 'cancelledMinor'),
  sum('returned_minor', 'bigint', 'returnedMinor'),
].join(', ');

const APPEND_TALLY = prepared(
  'append_tally',
  `INSERT INTO bulk_tallies (organization_id, bulk_id, source, source_id, pending_count, submitted_count, in_doubt_count,
     manual_review_count, settled_count, failed_count, cancelled_count, returned_count, settled_minor, failed_minor,
     cancelled_minor, returned_minor)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
);

const sumTallies = (ofBulk: string): string =>
  `SELECT b.id AS "bulkId", b.completed_at IS NOT NULL AS "isFolded", t.*,
          (SELECT coalesce(sum(c.window_lines), 0)::int FROM chunks c
            WHERE c.bulk_id = b.id AND c.closed_at IS NULL AND c.status = 'leased') AS submitting
     FROM bulk_requests b
    CROSS JOIN LATERAL (SELECT ${SUMS} FROM bulk_tallies WHERE bulk_id = b.id) t
    WHERE ${ofBulk}`;

/** The status of one bulk is asked for all the time; with a list of ids PostgreSQL would plan it anew each time. */
const SUM_TALLIES_OF_ONE = prepared('sum_tallies_of_one', sumTallies('b.id = $1'));
const SUM_TALLIES = sumTallies('b.id = ANY($1::uuid[])');

@Injectable()
export class TallyRepository {
  async append(
    tx: Tx,
    owner: { organizationId: string; bulkId: string; source: string; sourceId: string | null },
    tally: Tally,
  ): Promise<void> {
    const { counts, amountsMinor } = tally;
    await tx.execute(APPEND_TALLY, [
      owner.organizationId,
      owner.bulkId,
      owner.source,
      owner.sourceId,
      counts.pending ?? 0,
      counts.submitted ?? 0,
      counts.in_doubt ?? 0,
      counts.manual_review ?? 0,
      counts.settled ?? 0,
      counts.failed ?? 0,
      counts.cancelled ?? 0,
      counts.returned ?? 0,
      amountsMinor.settled ?? 0n,
      amountsMinor.failed ?? 0n,
      amountsMinor.cancelled ?? 0n,
      amountsMinor.returned ?? 0n,
    ]);
  }

  /** What is there of a bulk's tallies and windows, in one look. */
  async sums(on: Queryable, bulkIds: readonly string[]): Promise<Map<string, CurrentTallies>> {
    const [statement, ids] = bulkIds.length === 1 ? [SUM_TALLIES_OF_ONE, bulkIds[0]] : [SUM_TALLIES, bulkIds];
    const rows = await on.query<CurrentTallies & { bulkId: string }>(statement, [ids]);
    return new Map(rows.map((row) => [row.bulkId, row]));
  }

  /**
   * What the lines say and what the tallies say, in one look: a statement sees both of a commit or neither. The ids name the tallies
   * that were seen, since ids do not follow the order of commits.
   */
  async recount(on: Queryable, bulkId: string): Promise<Recount> {
    const [row] = await on.query<
      TallySums & { lines: { status: string; count: number; sum: string }[]; ids: string[] }
    >(
      `SELECT t.*,
              (SELECT coalesce(json_agg(l), '[]') FROM (
                 SELECT status, count(*)::int AS count, sum(amount_minor)::text AS sum
                   FROM transfers WHERE bulk_id = $1 GROUP BY status) l) AS lines
         FROM (SELECT ${SUMS}, coalesce(array_agg(id::text), '{}') AS ids FROM bulk_tallies WHERE bulk_id = $1) t`,
      [bulkId],
    );
    const { lines, ids, ...tallies } = row as NonNullable<typeof row>;
    return {
      tallies,
      tallyIds: ids,
      lines: lines.map(({ status, count, sum }) => ({
        status: status as StoredTransferStatus,
        count,
        sumMinor: BigInt(sum),
      })),
    };
  }

  /** Removes tallies whose sums are in the bulk's own row from now on. */
  async remove(tx: Tx, ids: readonly string[]): Promise<void> {
    await tx.execute(`DELETE FROM bulk_tallies WHERE id = ANY($1::bigint[])`, [ids]);
  }
}
