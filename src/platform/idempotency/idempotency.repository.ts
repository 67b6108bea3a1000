import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../database/index.js';
import { FieldCipher } from '../encryption/index.js';

/** What an idempotency key is kept under: a key of one organization for one operation means one thing. */
export interface IdempotencySlot {
  readonly organizationId: string;
  /** Stable name of the operation, such as `bulk-requests.create`. */
  readonly operation: string;
  readonly key: string;
}

export interface IdempotencyRecord {
  readonly bodyHash: Buffer;
  /** Null while, and when, no answer is kept (a fingerprint only remembers its resource). */
  readonly status: number | null;
  readonly body: string | null;
  readonly location: string | null;
  readonly resourceId: string | null;
}

interface RecordRow {
  body_hash: Buffer;
  status: number | null;
  body: string | null;
  body_sealed: Buffer | null;
  location: string | null;
  resource_id: string | null;
}

/** A stored answer that is not sealed under the current key. */
export interface AnswerRow extends IdempotencySlot {
  readonly body: string | null;
  readonly body_sealed: Buffer | null;
}

/** An answer opens with its own key only. */
const belongsTo = ({ organizationId, operation, key }: IdempotencySlot): string =>
  `answer ${organizationId} ${operation} ${key}`;

/** SQL: kept in plain text, as answers once were, or sealed under another key than $1 (platform/encryption/sealed-layout.ts). */
const IS_OLD = `(body IS NOT NULL OR substring(body_sealed FROM 2 FOR 4) <> $1::bytea)`;

/** Answers may show personal data, so they are sealed; of requests only a hash is kept. */
@Injectable()
export class IdempotencyRepository {
  constructor(private readonly cipher: FieldCipher) {}

  /** The unexpired record of a slot, as committed. */
  async find(on: Queryable, slot: IdempotencySlot): Promise<IdempotencyRecord | null> {
    const [row] = await on.query<RecordRow>(
      `SELECT body_hash, status, body, body_sealed, location, resource_id FROM idempotency_keys
        WHERE organization_id = $1 AND operation = $2 AND key = $3 AND expires_at > now()`,
      [slot.organizationId, slot.operation, slot.key],
    );
    if (!row) return null;
    return {
      bodyHash: row.body_hash,
      status: row.status,
      body: this.bodyOf(slot, row),
      location: row.location,
      resourceId: row.resource_id,
    };
  }

  /**
   * Takes the slot's lock until the transaction ends. False when another transaction holds it: the caller answers at once
   * instead of waiting behind an INSERT that is still in flight.
   */
  async tryLock(tx: Tx, slot: IdempotencySlot): Promise<boolean> {
    const [row] = await tx.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || $2 || chr(31) || $3, 0)) AS locked`,
      [slot.organizationId, slot.operation, slot.key],
    );
    return row?.locked === true;
  }

  /** Claims the slot. False when an unexpired record is there already. */
  async claim(tx: Tx, slot: IdempotencySlot, bodyHash: Buffer, ttlHours: number): Promise<boolean> {
    const claimed = await tx.execute(
      `INSERT INTO idempotency_keys AS k (organization_id, operation, key, body_hash, expires_at)
       VALUES ($1, $2, $3, $4, now() + make_interval(hours => $5))
       ON CONFLICT (organization_id, operation, key) DO UPDATE
         SET body_hash = excluded.body_hash, status = NULL, body = NULL, body_sealed = NULL, location = NULL, resource_id = NULL,
             created_at = now(), expires_at = excluded.expires_at
         WHERE k.expires_at <= now()`,
      [slot.organizationId, slot.operation, slot.key, bodyHash, ttlHours],
    );
    return claimed === 1;
  }

  /** Keeps what was answered beside the claim, in the same transaction. */
  async store(
    tx: Tx,
    slot: IdempotencySlot,
    answer: { status: number | null; body: string | null; location: string | null; resourceId: string | null },
  ): Promise<void> {
    const sealed = answer.body === null ? null : this.cipher.seal(answer.body, belongsTo(slot));
    await tx.execute(
      `UPDATE idempotency_keys SET status = $4, body_sealed = $5, location = $6, resource_id = $7
        WHERE organization_id = $1 AND operation = $2 AND key = $3`,
      [slot.organizationId, slot.operation, slot.key, answer.status, sealed, answer.location, answer.resourceId],
    );
  }

  /** @throws Unsealable when it was changed, or belongs to another key */
  bodyOf(slot: IdempotencySlot, row: Pick<AnswerRow, 'body' | 'body_sealed'>): string | null {
    return row.body_sealed === null ? row.body : this.cipher.open(row.body_sealed, belongsTo(slot));
  }

  /** In order of the slots, locked. What somebody else has locked is left out: it is found the next time. */
  async lockOld(tx: Tx, keyId: Buffer, after: IdempotencySlot, limit: number): Promise<AnswerRow[]> {
    return tx.query<AnswerRow>(
      `SELECT organization_id AS "organizationId", operation, key, body, body_sealed FROM idempotency_keys
        WHERE (organization_id, operation, key) > ($2, $3, $4) AND ${IS_OLD}
        ORDER BY organization_id, operation, key LIMIT $5 FOR UPDATE SKIP LOCKED`,
      [keyId, after.organizationId, after.operation, after.key, limit],
    );
  }

  async reseal(tx: Tx, slot: IdempotencySlot, body: string): Promise<void> {
    await tx.execute(
      `UPDATE idempotency_keys SET body = NULL, body_sealed = $4 WHERE organization_id = $1 AND operation = $2 AND key = $3`,
      [slot.organizationId, slot.operation, slot.key, this.cipher.seal(body, belongsTo(slot))],
    );
  }

  async countOld(on: Queryable, keyId: Buffer): Promise<number> {
    const [row] = await on.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM idempotency_keys WHERE ${IS_OLD}`,
      [keyId],
    );
    return row?.count ?? 0;
  }

  /** Deletes expired records, a bounded number at a time. By their key: `ctid` is granted to nobody who is granted columns. */
  async purgeExpired(on: Queryable, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM idempotency_keys WHERE (organization_id, operation, key) IN (
         SELECT organization_id, operation, key FROM idempotency_keys WHERE expires_at <= now() LIMIT $1)`,
      [limit],
    );
  }
}
