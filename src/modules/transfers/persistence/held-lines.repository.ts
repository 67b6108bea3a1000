import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';

/** Lines that were cancelled together. */
export interface CancelledLines {
  readonly rail: string;
  readonly count: number;
  readonly sumMinor: bigint;
  /** Their positions in the bulk. */
  readonly lines: readonly number[];
}

/** Lines of a bulk that waits for approval: its chunks are never due, until all of them are, or none is left. */
@Injectable()
export class HeldLinesRepository {
  /** The caller holds the bulk's lock. */
  async release(tx: Tx, bulkId: string): Promise<void> {
    await tx.execute(
      `UPDATE chunks SET due_at = now() WHERE bulk_id = $1 AND closed_at IS NULL AND due_at = 'infinity'`,
      [bulkId],
    );
  }

  /** In order, as everybody who wants more than one. */
  async lockChunks(tx: Tx, bulkId: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `SELECT id FROM chunks WHERE bulk_id = $1 AND closed_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
      [bulkId],
    );
    return rows.map((row) => row.id);
  }

  /** All lines that were never sent, with a transition each. The caller holds the locks of their chunks. */
  async cancelUnsent(
    tx: Tx,
    { organizationId, bulkId, detail }: { organizationId: string; bulkId: string; detail: string },
  ): Promise<CancelledLines[]> {
    return tx.query<CancelledLines>(
      `WITH cancelled AS (
         UPDATE transfers SET status = 'cancelled', attention = 'cancelled', failure_code = 'stopped', failure_detail = $3
          WHERE bulk_id = $2 AND status = 'pending' AND NOT possibly_sent
          RETURNING id, chunk_id, line, rail, attempts, amount_minor
       ), told AS (
         INSERT INTO transfer_transitions (organization_id, chunk_id, transfer_id, source, attempt, from_status, to_status,
                                           code, detail)
         SELECT $1, chunk_id, id, 'stop', attempts, 'pending', 'cancelled', 'stopped', $3 FROM cancelled)
       SELECT rail, count(*)::int AS count, sum(amount_minor)::bigint AS "sumMinor", array_agg(line) AS lines
         FROM cancelled GROUP BY rail`,
      [organizationId, bulkId, detail],
    );
  }
}
