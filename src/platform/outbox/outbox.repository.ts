import { Injectable } from '@nestjs/common';
import { newId } from '../../domain/ids.js';
import { Database, DISCOVERY, type Queryable, type Tx } from '../database/index.js';
import type { JobIds } from '../queue/index.js';

export interface OutboxRow {
  readonly id: string;
  readonly organizationId: string;
  readonly job: string;
  readonly payload: JobIds;
  readonly requestId: string | null;
  readonly generation: number;
}

@Injectable()
export class OutboxRepository {
  /** Rows are handed over for whichever organization. */
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(DISCOVERY);
  }

  /** False when a row with the same dedupe key is still waiting to be handled. */
  async insert(
    tx: Tx,
    row: { organizationId: string; job: string; payload: JobIds; dedupeKey: string | null; requestId: string | null },
  ): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO outbox (id, organization_id, job, payload, dedupe_key, request_id)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (dedupe_key) DO NOTHING`,
      [newId(), row.organizationId, row.job, row.payload, row.dedupeKey, row.requestId],
    );
    return inserted === 1;
  }

  /** Takes what is due and hides it for `redeliverMs`: when no handler has run by then, it is due again. */
  async claimDue(limit: number, redeliverMs: number): Promise<OutboxRow[]> {
    return this.all.query<OutboxRow>(
      // Materialized: a sub-select that skips locked rows may be run more than once, and would then take more than the limit.
      `WITH due AS MATERIALIZED (
         SELECT id FROM outbox WHERE available_at <= now() ORDER BY available_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       UPDATE outbox o SET generation = o.generation + 1, available_at = now() + $2 * interval '1 ms'
         FROM due WHERE o.id = due.id
       RETURNING o.id, o.organization_id AS "organizationId", o.job, o.payload, o.request_id AS "requestId", o.generation`,
      [limit, redeliverMs],
    );
  }

  /** Handing over failed: due again after `delayMs`. */
  async postpone(ids: readonly string[], delayMs: number): Promise<void> {
    await this.all.execute(`UPDATE outbox SET available_at = now() + $2 * interval '1 ms' WHERE id = ANY($1::uuid[])`, [
      ids,
      delayMs,
    ]);
  }

  /** What was handed over may be lost: all of it is due again. */
  async redeliverAll(): Promise<void> {
    await this.all.execute(`UPDATE outbox SET available_at = now() WHERE generation > 0`);
  }

  async delete(id: string): Promise<void> {
    await this.all.execute(`DELETE FROM outbox WHERE id = $1`, [id]);
  }

  /** For metrics: how many rows are due, and for how long the oldest has been, in seconds. */
  async lag(): Promise<{ due: number; oldestSeconds: number }> {
    const [row] = await this.all.query<{ due: number; oldestSeconds: number }>(
      `SELECT count(*)::int AS due, coalesce(extract(epoch FROM now() - min(available_at)), 0)::float8 AS "oldestSeconds"
         FROM outbox WHERE available_at <= now()`,
    );
    return row ?? { due: 0, oldestSeconds: 0 };
  }
}
