import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY, prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { ChunkKey } from './chunk.repository.js';
import { isSwitchedOff } from './kill-switch.repository.js';

export interface DispatchedChunk {
  readonly id: string;
  readonly organizationId: string;
  readonly generation: number;
  readonly requestId: string | null;
}

/** Of a bulk `b`: whether its unsent lines are handed out, to be paid or, when it is being stopped, to be cancelled. */
const handsOutUnsent = (rail: string): string =>
  `(b.status IN ('cancelling', 'reversing')
    OR (b.status = 'processing' AND NOT ${isSwitchedOff(rail, 'b.organization_id')}))`;

const HAS_DUE_CHUNKS = prepared(
  'has_due_chunks',
  `SELECT 1 FROM chunks WHERE status = 'open' AND rail = $1 AND due_at <= now() LIMIT 1`,
);

const LOCK_DISPATCH = prepared('lock_dispatch', `SELECT pg_advisory_xact_lock(hashtext('dispatch'), hashtext($1))`);

const CLAIM_CHUNKS = prepared(
  'claim_chunks',
  `WITH out AS (
     SELECT organization_id, bulk_id, count(*)::int AS n FROM chunks
      WHERE closed_at IS NULL AND status IN ('dispatched', 'leased') AND rail = $1 GROUP BY 1, 2
   ), waiting AS (
     SELECT DISTINCT bulk_id FROM chunks WHERE status = 'open' AND rail = $1 AND due_at <= now()
   ), allowed AS (
     SELECT w.bulk_id, ${handsOutUnsent('$1')} AS hands_out_unsent FROM waiting w JOIN bulk_requests b ON b.id = w.bulk_id
   ), candidate AS (
     SELECT c.id, c.organization_id, c.bulk_id, c.urgent,
            c.place + coalesce(out.n, 0) AS bulk_turn
       FROM allowed a
      CROSS JOIN LATERAL (
        SELECT id, organization_id, bulk_id, urgent, row_number() OVER (ORDER BY due_at, id)::int AS place
          FROM chunks
         WHERE status = 'open' AND rail = $1 AND bulk_id = a.bulk_id AND due_at <= now()
           AND (purpose <> 'submit' OR a.hands_out_unsent)
         ORDER BY due_at, id LIMIT $2) c
       LEFT JOIN out ON out.bulk_id = c.bulk_id
   ), turn AS (
     SELECT k.id, k.urgent, k.bulk_turn,
            row_number() OVER (PARTITION BY k.organization_id ORDER BY k.urgent DESC, k.bulk_turn, k.id)
              + coalesce((SELECT sum(n) FROM out o WHERE o.organization_id = k.organization_id), 0) AS organization_turn
       FROM candidate k
   ), chosen AS (
     SELECT id FROM turn ORDER BY urgent DESC, organization_turn, bulk_turn, id
      LIMIT greatest(0, $2 - (SELECT coalesce(sum(n), 0) FROM out))
   )
   UPDATE chunks c SET status = 'dispatched', generation = c.generation + 1,
          dispatched_until = now() + $3 * interval '1 ms'
     FROM chosen, bulk_requests b
    WHERE c.id = chosen.id AND c.status = 'open' AND b.id = c.bulk_id
    RETURNING c.id, c.organization_id AS "organizationId", c.generation, b.correlation_id AS "requestId"`,
);

const HAS_UNFINISHED_CHUNKS = prepared(
  'has_unfinished_chunks',
  `SELECT 1 FROM chunks WHERE bulk_id = $1 AND closed_at IS NULL LIMIT 1`,
);

/**
 * The work list: which chunk goes out next. Sees ids of chunks across organizations, and nothing else of them.
 */
@Injectable()
export class DispatchRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(DISCOVERY);
  }

  /** Whether somebody has a chunk of this rail to be handed out now. */
  async hasDue(rail: string): Promise<boolean> {
    const rows = await this.all.query(HAS_DUE_CHUNKS, [rail]);
    return rows.length > 0;
  }

  /**
   * Claims due chunks of a rail until `inFlight` are out, taking turns: each organization, and within it each bulk, has one out
   * before any has two. Alone, one bulk gets everything. Urgent bulks go first. One dispatcher at a time per rail.
   */
  async claim(tx: Tx, rail: string, inFlight: number, claimMs: number): Promise<DispatchedChunk[]> {
    await tx.query(LOCK_DISPATCH, [rail]);
    return tx.query<DispatchedChunk>(CLAIM_CHUNKS, [rail, inFlight, claimMs]);
  }

  /** The next due chunk of any rail, of anybody without an organization: for stepping by hand. */
  async findNextDue(organizationId: string | null): Promise<ChunkKey | null> {
    const [row] = await this.all.query<ChunkKey>(
      `SELECT c.id, c.organization_id AS "organizationId" FROM chunks c JOIN bulk_requests b ON b.id = c.bulk_id
        WHERE c.status IN ('open', 'dispatched') AND c.due_at <= now()
          AND (c.purpose <> 'submit' OR ${handsOutUnsent('c.rail')}) AND ($1::uuid IS NULL OR c.organization_id = $1)
        ORDER BY c.urgent DESC, c.due_at, c.id LIMIT 1`,
      [organizationId],
    );
    return row ?? null;
  }

  /** Handing over failed: back on the list at once. */
  async giveBack(ids: readonly string[]): Promise<void> {
    await this.all.execute(
      `UPDATE chunks SET status = 'open', dispatched_until = NULL WHERE id = ANY($1::uuid[]) AND status = 'dispatched'`,
      [ids],
    );
  }

  /** What was handed over and not taken in time goes back on the list. Returns how many. */
  async reopenOverdue(): Promise<number> {
    return this.all.execute(
      `UPDATE chunks SET status = 'open', dispatched_until = NULL WHERE status = 'dispatched' AND dispatched_until < now()`,
    );
  }

  /**
   * What bulks that are being stopped would still send has not to wait for its time to be cancelled. Returns how many chunks; those that
   * somebody is just changing come next time.
   */
  async hurryStopped(): Promise<number> {
    return this.all.execute(
      `UPDATE chunks SET due_at = now()
        WHERE id IN (SELECT c.id FROM bulk_requests b JOIN chunks c ON c.bulk_id = b.id AND c.closed_at IS NULL
                      WHERE b.completed_at IS NULL AND b.status IN ('cancelling', 'reversing')
                        AND c.status = 'open' AND c.purpose = 'submit' AND c.due_at > now()
                        FOR NO KEY UPDATE OF c SKIP LOCKED)`,
    );
  }

  /** Everything handed over may be lost: all of it goes back on the list. */
  async reopenAllDispatched(): Promise<void> {
    await this.all.execute(`UPDATE chunks SET status = 'open', dispatched_until = NULL WHERE status = 'dispatched'`);
  }

  async hasUnfinished(on: Queryable, bulkId: string): Promise<boolean> {
    const rows = await on.query(HAS_UNFINISHED_CHUNKS, [bulkId]);
    return rows.length > 0;
  }
}
