import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';

/** How far consumers of events have come. */
@Injectable()
export class EventCursorRepository {
  /** Organizations of which something has happened that the consumer has not seen. */
  async listBehind(on: Queryable, consumer: string, limit: number): Promise<string[]> {
    const rows = await on.query<{ organizationId: string }>(
      `SELECT h.organization_id AS "organizationId" FROM event_heads h
         LEFT JOIN event_cursors c ON c.consumer = $1 AND c.organization_id = h.organization_id
        WHERE h.sequence > coalesce(c.sequence, 0) ORDER BY random() LIMIT $2`,
      [consumer, limit],
    );
    return rows.map(({ organizationId }) => organizationId);
  }

  /** Null when another process is at it. */
  async lock(tx: Tx, consumer: string, organizationId: string): Promise<number | null> {
    await tx.execute(
      `INSERT INTO event_cursors (consumer, organization_id, sequence) VALUES ($1, $2, 0)
       ON CONFLICT (consumer, organization_id) DO NOTHING`,
      [consumer, organizationId],
    );
    const [cursor] = await tx.query<{ sequence: number }>(
      `SELECT sequence::float8 AS sequence FROM event_cursors WHERE consumer = $1 AND organization_id = $2
         FOR NO KEY UPDATE SKIP LOCKED`,
      [consumer, organizationId],
    );
    return cursor?.sequence ?? null;
  }

  async advance(tx: Tx, consumer: string, organizationId: string, sequence: number): Promise<void> {
    await tx.execute(`UPDATE event_cursors SET sequence = $3 WHERE consumer = $1 AND organization_id = $2`, [
      consumer,
      organizationId,
      sequence,
    ]);
  }

  /** For metrics: by how many events the consumer is behind with all organizations together. */
  async lag(on: Queryable, consumer: string): Promise<number> {
    const [row] = await on.query<{ lag: number }>(
      `SELECT coalesce(sum(h.sequence - coalesce(c.sequence, 0)), 0)::float8 AS lag FROM event_heads h
         LEFT JOIN event_cursors c ON c.consumer = $1 AND c.organization_id = h.organization_id`,
      [consumer],
    );
    return row?.lag ?? 0;
  }
}
