import { Injectable } from '@nestjs/common';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { EventRecord } from '../domain/event.js';

/** An event, or a block of them, that has no number yet. */
export type UnnumberedRecord = Omit<EventRecord, 'sequence'>;

// One round trip: the numbers, which hold up everybody else of the organization from here on, and what they are for.
const APPEND = prepared(
  'append_events',
  `WITH head AS (
     INSERT INTO event_heads AS h (organization_id, sequence) VALUES ($1, $2)
     ON CONFLICT (organization_id) DO UPDATE SET sequence = h.sequence + excluded.sequence RETURNING h.sequence
   )
   INSERT INTO events (organization_id, sequence, size, type, subject_id, data, occurred_at)
   SELECT $1, head.sequence - $2 + e.place, e.size, e.type, e.subject_id, e.data::jsonb, e.occurred_at
     FROM head, unnest($3::bigint[], $4::int[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[])
       AS e (place, size, type, subject_id, data, occurred_at)`,
);

const RECORD = `e.organization_id AS "organizationId", e.sequence::float8 AS sequence, e.size, e.type, e.subject_id AS "subjectId",
  e.data, e.occurred_at AS "occurredAt"`;

/** From where on, and of what. */
export interface RecordFilter {
  readonly after: number;
  /** As they are stored: blocks of lines have a type of their own. */
  readonly types: readonly string[];
  readonly limit: number;
}

@Injectable()
export class EventRepository {
  /** Gives the organization's next numbers to what happened. Until the transaction ends, nobody else of it gets any. */
  async append(tx: Tx, organizationId: string, records: readonly UnnumberedRecord[]): Promise<void> {
    let place = 0;
    const places = records.map(({ size }) => (place += size));
    await tx.execute(APPEND, [
      organizationId,
      place,
      places,
      records.map(({ size }) => size),
      records.map(({ type }) => type),
      records.map(({ subjectId }) => subjectId),
      records.map(({ data }) => JSON.stringify(data)),
      records.map(({ occurredAt }) => occurredAt),
    ]);
  }

  /** The number of the organization's last event; 0 before the first. */
  async findHead(on: Queryable, organizationId: string): Promise<number> {
    const [head] = await on.query<{ sequence: number }>(
      `SELECT sequence::float8 AS sequence FROM event_heads WHERE organization_id = $1`,
      [organizationId],
    );
    return head?.sequence ?? 0;
  }

  /** In order. The first may be a block that began before. */
  async list(on: Queryable, organizationId: string, { after, types, limit }: RecordFilter): Promise<EventRecord[]> {
    return on.query<EventRecord>(
      `SELECT ${RECORD} FROM events e
        WHERE e.organization_id = $1 AND e.sequence > $2 AND e.type = ANY($3::text[]) ORDER BY e.sequence LIMIT $4`,
      [organizationId, after, types, limit],
    );
  }

  /** The same for each of several stories, each from where it was left. */
  async listOfSubjects(
    on: Queryable,
    organizationId: string,
    stories: readonly { readonly subjectId: string; readonly after: number }[],
    { types, limit }: Omit<RecordFilter, 'after'>,
  ): Promise<EventRecord[]> {
    return on.query<EventRecord>(
      `SELECT ${RECORD} FROM unnest($2::uuid[], $3::bigint[]) AS s (subject_id, after)
        CROSS JOIN LATERAL (SELECT * FROM events e
                             WHERE e.subject_id = s.subject_id AND e.sequence > s.after AND e.organization_id = $1
                               AND e.type = ANY($4::text[])
                             ORDER BY e.sequence LIMIT $5) AS e
        ORDER BY e.subject_id, e.sequence`,
      [organizationId, stories.map(({ subjectId }) => subjectId), stories.map(({ after }) => after), types, limit],
    );
  }

  /** How far the logs of these organizations go, of those that have begun. */
  async listHeads(
    on: Queryable,
    organizationIds: readonly string[],
  ): Promise<{ organizationId: string; sequence: number }[]> {
    return on.query(
      `SELECT organization_id AS "organizationId", sequence::float8 AS sequence FROM event_heads
        WHERE organization_id = ANY($1::uuid[])`,
      [organizationIds],
    );
  }

  /** The oldest first. How many were deleted. */
  async purge(on: Queryable, olderThanDays: number, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM events WHERE (organization_id, sequence) IN (
         SELECT organization_id, sequence FROM events WHERE occurred_at < now() - $1 * interval '1 day' LIMIT $2)`,
      [olderThanDays, limit],
    );
  }
}
