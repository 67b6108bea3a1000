import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../../../platform/database/index.js';
import type { StoredIban } from '../domain/stored-iban.js';
import { isRare, type TransferStatus } from '../domain/transfer.state.js';

/** A transfer as it is shown. */
export interface TransferRow extends StoredIban {
  readonly bulkId: string;
  readonly line: number;
  readonly clientTransferId: string | null;
  readonly rail: string;
  readonly status: TransferStatus;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly counterpartyName: string;
  readonly counterpartyBic: string | null;
  readonly description: string | null;
  readonly purposeCode: string | null;
  readonly failureCode: string | null;
  readonly failureDetail: string | null;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  readonly chunkLeasedAt: Date | null;
  readonly originTransferId: string | null;
}

export interface TransitionRow {
  readonly source: string;
  readonly attempt: number;
  readonly fromStatus: string;
  readonly toStatus: string;
  readonly code: string | null;
  readonly detail: string | null;
  readonly startedAt: Date | null;
  readonly createdAt: Date;
}

/** A line of a bulk, as an event tells it. */
export interface ToldLineRow {
  readonly bulkId: string;
  readonly line: number;
  readonly transferId: string;
  readonly clientTransferId: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** A line of a bulk, as a proof tells it and an approval binds it. */
export interface BulkLineRow extends StoredIban {
  readonly line: number;
  readonly railId: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly counterpartyName: string;
  readonly counterpartyBic: string | null;
  readonly description: string | null;
  readonly purposeCode: string | null;
  readonly clientTransferId: string | null;
  readonly rail: string;
  readonly creditorAccountId: string | null;
  readonly status: TransferStatus;
}

export interface SoughtCounterparty {
  readonly indexes: readonly bigint[];
  /** For rows that are not sealed yet. */
  readonly iban: string;
}

export interface TransferFilter {
  readonly organizationId: string;
  readonly bulkId?: string | undefined;
  readonly status?: TransferStatus | undefined;
  readonly counterparty?: SoughtCounterparty | undefined;
  readonly created: {
    readonly from: Date | null;
    readonly before: Date | null;
    readonly idFrom: string | null;
    readonly idBefore: string | null;
  };
}

/** Lines inside the window of a leased chunk read as `submitting`. */
const STATUS = `CASE WHEN t.status = 'pending' AND c.status = 'leased' AND t.line <= c.submitted_through
  THEN 'submitting' ELSE t.status END`;

const COLUMNS = `t.id, t.bulk_id AS "bulkId", t.line, t.client_transfer_id AS "clientTransferId", t.rail,
    ${STATUS} AS status, t.amount_minor AS "amountMinor", t.currency, t.counterparty_name AS "counterpartyName",
    t.counterparty_iban_sealed AS "ibanSealed", t.counterparty_iban AS "ibanPlain", t.counterparty_bic AS "counterpartyBic", t.description,
    t.purpose_code AS "purposeCode", t.failure_code AS "failureCode", t.failure_detail AS "failureDetail", t.attempts,
    CASE WHEN t.status = 'pending' AND c.status <> 'leased' AND isfinite(c.due_at) THEN c.due_at END AS "nextAttemptAt",
    t.created_at AS "createdAt", t.settled_at AS "settledAt", c.leased_at AS "chunkLeasedAt",
    t.origin_transfer_id AS "originTransferId"`;

const SELECT = `SELECT ${COLUMNS} FROM transfers t JOIN chunks c ON c.id = t.chunk_id`;

/**
 * The page is found among transfers alone, along an index in its order, and only then joined. In one go, PostgreSQL joins and sorts a whole
 * bulk for each page whenever it thinks that few lines qualify, as it does for every bulk newer than its statistics.
 */
const selectPage = (where: string, order: string, limit: string): string =>
  `SELECT ${COLUMNS} FROM (SELECT * FROM transfers t WHERE ${where} ORDER BY ${order} LIMIT ${limit}) t
     JOIN chunks c ON c.id = t.chunk_id ORDER BY ${order}`;

const IS_BEFORE = '($2::uuid IS NULL OR t.id < $2) AND $4::uuid IS NULL';
// By line too, which its index knows; a cursor from a list of other transfers goes on by the id alone.
const IS_BEFORE_IN_BULK = `t.bulk_id = $4 AND ($2::uuid IS NULL OR (t.id < $2
  AND t.line < coalesce((SELECT line FROM transfers WHERE id = $2 AND bulk_id = $4), 2147483647)))`;

/** Where the lines of some chunks begin: an open line is in an unfinished one, and its id is greater than that of its bulk. Null: nowhere. */
const fromFirstBulk = (chunks: string): string =>
  `t.id > (SELECT bulk_id FROM chunks WHERE organization_id = $1 AND ${chunks} ORDER BY bulk_id LIMIT 1)`;
const fromFirstLine = (bulkId: string) => (chunks: string) =>
  `t.line >= (SELECT min(line_from) FROM chunks WHERE bulk_id = ${bulkId} AND ${chunks})`;

/** SQL: in the status asked for, if any. What is in a rare state, and what is open, is not looked for among all that is not. */
function hasStatus(
  status: TransferStatus | undefined,
  parameter: string,
  fromFirst: (chunks: string) => string,
): string {
  if (status === undefined) return `${parameter}::text IS NULL`;
  // Set to the status in all rare states; its indexes hold nothing else.
  if (isRare(status)) return `t.attention = ${parameter}`;
  if (status === 'settled') return `t.status = ${parameter}`;
  const chunks = `closed_at IS NULL${status === 'submitting' ? ` AND status = 'leased'` : ''}`;
  return `t.status = 'pending' AND ${fromFirst(chunks)}
    AND (SELECT ${STATUS} FROM chunks c WHERE c.id = t.chunk_id) = ${parameter}`;
}

@Injectable()
export class TransferReadsRepository {
  constructor(private readonly database: Database) {}

  async find(on: Queryable, organizationId: string, id: string): Promise<TransferRow | null> {
    const [row] = await on.query<TransferRow>(`${SELECT} WHERE t.id = $1 AND t.organization_id = $2`, [
      id,
      organizationId,
    ]);
    return row ?? null;
  }

  /** Where a transfer is at this moment: its bulk and rail for life, its chunk until a record moves it on. */
  async locate(
    on: Queryable,
    organizationId: string,
    id: string,
  ): Promise<{ bulkId: string; chunkId: string; rail: string } | null> {
    const [row] = await on.query<{ bulkId: string; chunkId: string; rail: string }>(
      `SELECT bulk_id AS "bulkId", chunk_id AS "chunkId", rail FROM transfers WHERE id = $1 AND organization_id = $2`,
      [id, organizationId],
    );
    return row ?? null;
  }

  async findFirstOfBulk(on: Queryable, bulkId: string): Promise<TransferRow | null> {
    const [row] = await on.query<TransferRow>(`${SELECT} WHERE t.bulk_id = $1 ORDER BY t.line LIMIT 1`, [bulkId]);
    return row ?? null;
  }

  async bulkExists(organizationId: string, bulkId: string): Promise<boolean> {
    const rows = await this.database
      .of(organizationId)
      .query(`SELECT 1 FROM bulk_requests WHERE id = $1 AND organization_id = $2`, [bulkId, organizationId]);
    return rows.length > 0;
  }

  /** Lines of a bulk in order, after `afterLine`. */
  async listOfBulk(
    filter: Omit<TransferFilter, 'created'> & { bulkId: string },
    afterLine: number,
    limit: number,
  ): Promise<TransferRow[]> {
    const where = `t.bulk_id = $1 AND t.organization_id = $2 AND t.line > $3
      AND ${hasStatus(filter.status, '$4', fromFirstLine('$1'))}`;
    return this.database
      .of(filter.organizationId)
      .query<TransferRow>(selectPage(where, 't.line', '$5'), [
        filter.bulkId,
        filter.organizationId,
        afterLine,
        filter.status ?? null,
        limit,
      ]);
  }

  /** Of these places, in any order. */
  async listToldLines(
    on: Queryable,
    organizationId: string,
    places: readonly { readonly bulkId: string; readonly line: number }[],
  ): Promise<ToldLineRow[]> {
    return on.query<ToldLineRow>(
      `SELECT t.bulk_id AS "bulkId", t.line, t.id AS "transferId", t.client_transfer_id AS "clientTransferId",
              t.amount_minor AS "amountMinor", t.currency
         FROM (SELECT DISTINCT * FROM unnest($2::uuid[], $3::int[])) AS l (bulk_id, line)
         JOIN transfers t ON t.bulk_id = l.bulk_id AND t.line = l.line
        WHERE t.organization_id = $1`,
      [organizationId, places.map(({ bulkId }) => bulkId), places.map(({ line }) => line)],
    );
  }

  /** Null for a bulk without lines. */
  async findLastLineOfBulk(on: Queryable, bulkId: string): Promise<number | null> {
    const [row] = await on.query<{ line: number | null }>(
      `SELECT max(line) AS line FROM transfers WHERE bulk_id = $1`,
      [bulkId],
    );
    return row?.line ?? null;
  }

  /**
   * The lines from `fromLine` to before `beforeLine`, in order. Both ends are named, and windows are looked up line by line: as long as the
   * tables have no statistics, a LIMIT sorts the rest of the bulk for each page, and a join may read all chunks (measured: 100 ms a page
   * instead of 1).
   */
  async listLinesOfBulk(on: Queryable, bulkId: string, fromLine: number, beforeLine: number): Promise<BulkLineRow[]> {
    return on.query<BulkLineRow>(
      `SELECT t.id, t.line, t.rail_id AS "railId", t.amount_minor AS "amountMinor", t.currency,
              t.counterparty_name AS "counterpartyName", t.counterparty_iban_sealed AS "ibanSealed",
              t.counterparty_iban AS "ibanPlain", t.counterparty_bic AS "counterpartyBic", t.description,
              t.purpose_code AS "purposeCode", t.client_transfer_id AS "clientTransferId", t.rail,
              t.creditor_account_id AS "creditorAccountId",
              CASE WHEN t.status <> 'pending' THEN t.status
                   ELSE (SELECT ${STATUS} FROM chunks c WHERE c.id = t.chunk_id) END AS status
         FROM transfers t WHERE t.bulk_id = $1 AND t.line >= $2 AND t.line < $3 ORDER BY t.line`,
      [bulkId, fromLine, beforeLine],
    );
  }

  /** Newest first, before `beforeId`. Those of one bulk in the order of its lines, which is that of their ids. */
  async list(filter: TransferFilter, beforeId: string | null, limit: number): Promise<TransferRow[]> {
    const { bulkId, status } = filter;
    const [isNext, order, fromFirst] =
      bulkId === undefined
        ? [IS_BEFORE, 't.id DESC', fromFirstBulk]
        : [IS_BEFORE_IN_BULK, 't.line DESC', fromFirstLine('$4')];
    const where = `t.organization_id = $1 AND ${isNext} AND ${hasStatus(status, '$3', fromFirst)}
      AND ($5::uuid IS NULL OR t.id >= $5) AND ($6::uuid IS NULL OR t.id < $6)
      AND ${await this.isPaid(filter)} AND ($9::timestamptz IS NULL OR t.created_at >= $9)
      AND ($10::timestamptz IS NULL OR t.created_at < $10)`;
    return this.database
      .of(filter.organizationId)
      .query<TransferRow>(selectPage(where, order, '$11'), [
        filter.organizationId,
        beforeId,
        status ?? null,
        bulkId ?? null,
        filter.created.idFrom,
        filter.created.idBefore,
        filter.counterparty?.indexes ?? null,
        filter.counterparty?.iban ?? null,
        filter.created.from,
        filter.created.before,
        limit,
      ]);
  }

  /**
   * SQL: to the counterparty asked for, if any. Rows that are not sealed are looked for only as long as there are some: the choice between
   * two columns would keep PostgreSQL from reading one index in the order of the list.
   */
  private async isPaid({ organizationId, counterparty }: TransferFilter): Promise<string> {
    if (counterparty === undefined) return '$7::bigint[] IS NULL AND $8::text IS NULL';
    const unsealed = await this.database
      .of(organizationId)
      .query(`SELECT 1 FROM transfers WHERE organization_id = $1 AND counterparty_iban = $2 LIMIT 1`, [
        organizationId,
        counterparty.iban,
      ]);
    const isIndexed = 't.counterparty_index = ANY($7::bigint[])';
    if (unsealed.length > 0) return `(${isIndexed} OR t.counterparty_iban = $8)`;
    return `${isIndexed} AND $8::text IS NOT NULL`;
  }

  async transitions(on: Queryable, transferId: string): Promise<TransitionRow[]> {
    return on.query<TransitionRow>(
      `SELECT source, attempt, from_status AS "fromStatus", to_status AS "toStatus", code, detail,
              started_at AS "startedAt", created_at AS "createdAt"
         FROM transfer_transitions WHERE transfer_id = $1 ORDER BY id`,
      [transferId],
    );
  }
}
