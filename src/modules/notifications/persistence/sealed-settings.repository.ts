import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { ChannelRecord } from '../domain/channel.js';
import { CHANNEL } from './channel.repository.js';

/** SQL: sealed under another key than $1. The id of the key is bytes 2 to 5 (platform/encryption/sealed-layout.ts). */
const IS_OLD = `substring(settings_sealed FROM 2 FOR 4) <> $1::bytea`;

/** The rotation of keys, over all organizations. */
@Injectable()
export class SealedSettingsRepository {
  /** In order of their ids, locked. What somebody else has locked is left out: it is found the next time. */
  async lockOld(tx: Tx, keyId: Buffer, afterId: string, limit: number): Promise<ChannelRecord[]> {
    return tx.query<ChannelRecord>(
      `SELECT ${CHANNEL} FROM notification_channels WHERE id > $2 AND ${IS_OLD} ORDER BY id LIMIT $3
         FOR NO KEY UPDATE SKIP LOCKED`,
      [keyId, afterId, limit],
    );
  }

  async reseal(tx: Tx, rows: readonly { readonly id: string; readonly sealed: Uint8Array }[]): Promise<void> {
    await tx.execute(
      `UPDATE notification_channels c SET settings_sealed = n.sealed
         FROM unnest($1::uuid[], $2::bytea[]) AS n (id, sealed) WHERE c.id = n.id`,
      [rows.map(({ id }) => id), rows.map(({ sealed }) => sealed)],
    );
  }

  async countOld(on: Queryable, keyId: Buffer): Promise<number> {
    const [row] = await on.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM notification_channels WHERE ${IS_OLD}`,
      [keyId],
    );
    return row?.count ?? 0;
  }
}
