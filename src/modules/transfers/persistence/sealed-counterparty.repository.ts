import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { SealedIban, StoredIban } from '../domain/stored-iban.js';

export interface OldSealRow extends StoredIban {
  readonly organizationId: string;
}

/** SQL: plain, or sealed under another key than $1. The id of the key is bytes 2 to 5 (platform/encryption/sealed-layout.ts). */
const IS_OLD = `(counterparty_iban IS NOT NULL OR substring(counterparty_iban_sealed FROM 2 FOR 4) <> $1::bytea)`;

/** The rotation of keys, over all organizations. */
@Injectable()
export class SealedCounterpartyRepository {
  /** In order of their ids, locked. What somebody else has locked is left out: it is found the next time. */
  async lockOld(tx: Tx, keyId: Buffer, afterId: string, limit: number): Promise<OldSealRow[]> {
    return tx.query<OldSealRow>(
      `SELECT id, organization_id AS "organizationId", counterparty_iban_sealed AS "ibanSealed", counterparty_iban AS "ibanPlain"
         FROM transfers WHERE id > $2 AND ${IS_OLD} ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
      [keyId, afterId, limit],
    );
  }

  async reseal(tx: Tx, rows: readonly (SealedIban & { readonly id: string })[]): Promise<void> {
    await tx.execute(
      `UPDATE transfers t SET counterparty_iban = NULL, counterparty_iban_sealed = n.sealed, counterparty_index = n.index
         FROM unnest($1::uuid[], $2::bytea[], $3::bigint[]) AS n (id, sealed, index) WHERE t.id = n.id`,
      [rows.map((row) => row.id), rows.map((row) => row.sealed), rows.map((row) => row.index)],
    );
  }

  async countOld(on: Queryable, keyId: Buffer): Promise<number> {
    const [row] = await on.query<{ count: number }>(`SELECT count(*)::int AS count FROM transfers WHERE ${IS_OLD}`, [
      keyId,
    ]);
    return row?.count ?? 0;
  }
}
