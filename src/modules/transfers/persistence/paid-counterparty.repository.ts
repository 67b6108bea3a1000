import { Injectable } from '@nestjs/common';
import type { Queryable } from '../../../platform/database/index.js';
import type { StoredIban } from '../domain/stored-iban.js';

/** A line that is about to be paid, with every index that earlier payments to its counterparty may have. */
export interface LineToCompare {
  readonly line: number;
  readonly indexes: readonly bigint[];
  readonly amountMinor: bigint;
  readonly purposeCode: string | null;
}

/** Which payments of an organization are compared with. */
export interface ComparedPayments {
  readonly organizationId: string;
  readonly currency: string;
  /** Of their bulk: its metadata `period`. */
  readonly period: string | null;
  /** The smallest id of a transfer that is recent enough. */
  readonly fromId: string;
  /** Not with those of the bulk that is being accepted. */
  readonly exceptBulkId: string;
}

/** A line of a bulk, to be compared with those of another. */
export interface ComparedRow extends StoredIban {
  readonly line: number;
  /** Null in rows from before IBANs were sealed. */
  readonly counterpartyIndex: bigint | null;
  readonly counterpartyName: string;
  readonly amountMinor: bigint;
}

/** Whom an organization has paid before. Counterparties are known by their index alone: nothing is opened. */
@Injectable()
export class PaidCounterpartyRepository {
  /**
   * How many of these counterparties, each with its indexes, the organization has never paid. What is only waiting to be sent, for an
   * approval perhaps, is not paid: else a first bulk that waits would let a second one pass.
   *
   * Each is looked up by itself, in the order of the one index that begins with it: as an equality and an EXISTS it was planned as a join
   * with all that the organization ever paid.
   */
  async countNew(
    on: Queryable,
    organizationId: string,
    counterparties: readonly (readonly bigint[])[],
  ): Promise<number> {
    const [row] = await on.query<{ known: number }>(
      `SELECT count(DISTINCT asked.place)::int AS known FROM unnest($2::int[], $3::bigint[]) AS asked (place, index)
        CROSS JOIN LATERAL (SELECT FROM transfers t
                             WHERE t.counterparty_index BETWEEN asked.index AND asked.index
                               AND (t.organization_id = $1) IS TRUE AND t.status IN ('settled', 'submitted')
                             ORDER BY t.counterparty_index LIMIT 1) AS paid`,
      [
        organizationId,
        counterparties.flatMap((indexes, place) => indexes.map(() => place)),
        counterparties.flatMap((indexes) => indexes),
      ],
    );
    return counterparties.length - (row?.known ?? 0);
  }

  /** For each line that looks like a payment made or under way, the latest such payment. */
  async findAlike(
    on: Queryable,
    { organizationId, currency, period, fromId, exceptBulkId }: ComparedPayments,
    lines: readonly LineToCompare[],
  ): Promise<{ line: number; transferId: string }[]> {
    return on.query(
      `SELECT DISTINCT ON (line) line, transfer_id AS "transferId"
         FROM find_alike_payments($1, $2, $3, $4, $5, $6::int[], $7::bigint[], $8::bigint[], $9::text[])
        ORDER BY line, transfer_id DESC`,
      [
        organizationId,
        currency,
        fromId,
        exceptBulkId,
        period,
        lines.flatMap(({ line, indexes }) => indexes.map(() => line)),
        lines.flatMap(({ indexes }) => indexes),
        lines.flatMap(({ amountMinor, indexes }) => indexes.map(() => amountMinor)),
        lines.flatMap(({ purposeCode, indexes }) => indexes.map(() => purposeCode)),
      ],
    );
  }

  /** In the order of the request. */
  async listCompared(on: Queryable, bulkId: string): Promise<ComparedRow[]> {
    return on.query<ComparedRow>(
      `SELECT id, line, counterparty_index AS "counterpartyIndex", counterparty_name AS "counterpartyName",
              amount_minor AS "amountMinor", counterparty_iban_sealed AS "ibanSealed", counterparty_iban AS "ibanPlain"
         FROM transfers WHERE bulk_id = $1 ORDER BY line`,
      [bulkId],
    );
  }
}
