import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';

export interface BookDelivery {
  readonly transferId: string;
  readonly creditorAccountId: string;
  readonly creditorOrganizationId: string;
  readonly creditorStatus: string;
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** An account as the book rail sees it. */
export interface BookCreditor {
  readonly id: string;
  readonly organizationId: string;
  readonly status: 'active' | 'frozen' | 'closed';
  readonly currency: string;
  /** What a reversal could take from it, in minor units; of another organization's account nobody is told. */
  readonly availableMinor?: bigint;
}

@Injectable()
export class BookDeliveryRepository {
  /**
   * The organization's own accounts to be credited, or by a reversal debited, by id. Read without a lock, which would break the lock order: an account closed or emptied since then
   * refuses the posting by its own constraint, and the chunk decides again.
   */
  async findOwn(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, BookCreditor>> {
    const rows = await tx.query<BookCreditor>(
      `SELECT id, organization_id AS "organizationId", status, currency,
              posted_minor - reserved_minor + coalesce(overdraft_limit_minor, 0) AS "availableMinor"
         FROM accounts WHERE id = ANY($1::uuid[])`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Of any organization: those whose IBAN the platform verified. `on` acts for discovery. */
  async findVerified(on: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, BookCreditor>> {
    const rows = await on.query<BookCreditor>(
      `SELECT id, organization_id AS "organizationId", status, currency FROM accounts
        WHERE id = ANY($1::uuid[]) AND verified_at IS NOT NULL`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Settled book transfers of a chunk to accounts of other organizations that were not credited yet. */
  async findOpen(on: Queryable, chunkId: string): Promise<BookDelivery[]> {
    return on.query<BookDelivery>(
      `SELECT t.id AS "transferId", a.id AS "creditorAccountId", a.organization_id AS "creditorOrganizationId",
              a.status AS "creditorStatus", t.amount_minor AS "amountMinor", t.currency
         FROM chunks c
         JOIN transfers t ON t.bulk_id = c.bulk_id AND t.line BETWEEN c.line_from AND c.line_to AND t.chunk_id = c.id
         JOIN accounts a ON a.id = t.creditor_account_id AND a.organization_id <> t.organization_id
        WHERE c.id = $1 AND t.status = 'settled'
          AND NOT EXISTS (SELECT 1 FROM ledger_entries e WHERE e.transfer_id = t.id AND e.kind = 'book_delivery')
        ORDER BY a.organization_id, t.id`,
      [chunkId],
    );
  }
}
