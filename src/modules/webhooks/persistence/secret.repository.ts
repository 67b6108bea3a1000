import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { SecretOwner, SecretTimes } from '../domain/webhook-secret.js';

export interface SealedSecret extends SecretOwner {
  readonly id: string;
  readonly sealed: Buffer;
}

const SECRET = `id, organization_id AS "organizationId", endpoint_id AS "endpointId", sealed`;
/** SQL with $1 and $2. Two texts: in one, `IS NOT DISTINCT FROM` would find nothing by an index. */
const owned = ({ endpointId }: SecretOwner): string =>
  endpointId === null
    ? 'organization_id = $1 AND endpoint_id IS NULL AND $2::uuid IS NULL'
    : 'organization_id = $1 AND endpoint_id = $2';
/** SQL: sealed under another key than $1. The id of the key is bytes 2 to 5 (platform/encryption/sealed-layout.ts). */
const IS_OLD = `substring(sealed FROM 2 FOR 4) <> $1::bytea`;

@Injectable()
export class SecretRepository {
  /** Makes those who change the organization's own secret wait for each other; that of an endpoint is locked with it. */
  async lockDefault(tx: Tx, organizationId: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('webhook-default-secret:' || $1, 0))`, [
      organizationId,
    ]);
  }

  /** False when there is a current one already. */
  async insert(tx: Tx, { id, organizationId, endpointId, sealed }: SealedSecret): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO webhook_secrets (id, organization_id, endpoint_id, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [id, organizationId, endpointId, sealed],
    );
    return inserted === 1;
  }

  async hasCurrent(on: Queryable, owner: SecretOwner): Promise<boolean> {
    const rows = await on.query(`SELECT 1 FROM webhook_secrets WHERE ${owned(owner)} AND expires_at IS NULL`, [
      owner.organizationId,
      owner.endpointId,
    ]);
    return rows.length > 0;
  }

  /** Those that sign now, the current one first. */
  async listSigning(on: Queryable, owner: SecretOwner): Promise<SealedSecret[]> {
    return on.query<SealedSecret>(
      `SELECT ${SECRET} FROM webhook_secrets WHERE ${owned(owner)} AND (expires_at IS NULL OR expires_at > now())
        ORDER BY expires_at DESC NULLS FIRST`,
      [owner.organizationId, owner.endpointId],
    );
  }

  async listTimes(on: Queryable, owner: SecretOwner): Promise<SecretTimes[]> {
    return on.query<SecretTimes>(
      `SELECT created_at AS "createdAt", expires_at AS "expiresAt" FROM webhook_secrets
        WHERE ${owned(owner)} AND (expires_at IS NULL OR expires_at > now()) ORDER BY expires_at DESC NULLS FIRST`,
      [owner.organizationId, owner.endpointId],
    );
  }

  /** The current one signs on for so long; what was replaced before it goes, so that there are never more than two. */
  async retire(tx: Tx, owner: SecretOwner, overlapSeconds: number): Promise<void> {
    const { organizationId, endpointId } = owner;
    await tx.execute(`DELETE FROM webhook_secrets WHERE ${owned(owner)} AND (expires_at IS NOT NULL OR $3 = 0)`, [
      organizationId,
      endpointId,
      overlapSeconds,
    ]);
    await tx.execute(
      `UPDATE webhook_secrets SET expires_at = now() + $3 * interval '1 second' WHERE ${owned(owner)} AND expires_at IS NULL`,
      [organizationId, endpointId, overlapSeconds],
    );
  }

  async deleteAll(tx: Tx, owner: SecretOwner): Promise<void> {
    await tx.execute(`DELETE FROM webhook_secrets WHERE ${owned(owner)}`, [owner.organizationId, owner.endpointId]);
  }

  /** In order of their ids, locked. What somebody else has locked is left out: it is found the next time. */
  async lockOld(tx: Tx, keyId: Buffer, afterId: string, limit: number): Promise<SealedSecret[]> {
    return tx.query<SealedSecret>(
      `SELECT ${SECRET} FROM webhook_secrets WHERE id > $2 AND ${IS_OLD} ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
      [keyId, afterId, limit],
    );
  }

  async reseal(tx: Tx, rows: readonly Pick<SealedSecret, 'id' | 'sealed'>[]): Promise<void> {
    await tx.execute(
      `UPDATE webhook_secrets s SET sealed = n.sealed FROM unnest($1::uuid[], $2::bytea[]) AS n (id, sealed) WHERE s.id = n.id`,
      [rows.map(({ id }) => id), rows.map(({ sealed }) => sealed)],
    );
  }

  async countOld(on: Queryable, keyId: Buffer): Promise<number> {
    const [row] = await on.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM webhook_secrets WHERE ${IS_OLD}`,
      [keyId],
    );
    return row?.count ?? 0;
  }
}
