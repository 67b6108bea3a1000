import { Injectable } from '@nestjs/common';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { EventRecord } from '../domain/event.js';
import { LINES_RECORDED } from '../domain/event-type.js';

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

/** $1: the organization, $2: types, $3: for blocks of lines, what became of one of them at least. */
const WANTED = `e.organization_id = $1 AND e.type = ANY($2::text[])
  AND CASE WHEN e.type = '${LINES_RECORDED}'
           THEN EXISTS (SELECT FROM jsonb_array_elements(e.data) AS g WHERE g ->> 'to' = ANY($3::text[])) ELSE true END`;

/** Of what. */
export interface RecordFilter {
  /** As they are stored: blocks of lines have a type of their own. */
  readonly types: readonly string[];
  /** Of blocks of lines only those in which one of them came to one of these. */
  readonly statuses: readonly string[];
  readonly limit: number;
}

/** A part of a log: what comes after a number, up to another. */
export interface Stretch {
  readonly after: number;
  readonly upTo: number;
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

  /** The number of the last of that many records; null when there are fewer. */
  async findEnd(
    on: Queryable,
    organizationId: string,
    { after, upTo }: Stretch,
    count: number,
  ): Promise<number | null> {
    const [record] = await on.query<{ sequence: number }>(
      `SELECT sequence::float8 AS sequence FROM events
        WHERE organization_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence OFFSET $4 LIMIT 1`,
      [organizationId, after, upTo, count - 1],
    );
    return record?.sequence ?? null;
  }

  /** In order. The first may be a block that began before. */
  async list(
    on: Queryable,
    organizationId: string,
    { after, upTo }: Stretch,
    { types, statuses, limit }: RecordFilter,
  ): Promise<EventRecord[]> {
    return on.query<EventRecord>(
      `SELECT ${RECORD} FROM events e
        WHERE ${WANTED} AND e.sequence > $4 AND e.sequence <= $5 ORDER BY e.sequence LIMIT $6`,
      [organizationId, types, statuses, after, upTo, limit],
    );
  }

  /** The same for each of several stories, each from where it was left. */
  async listOfSubjects(
    on: Queryable,
    organizationId: string,
    stories: readonly { readonly subjectId: string; readonly after: number }[],
    { types, statuses, limit }: RecordFilter,
  ): Promise<EventRecord[]> {
    return on.query<EventRecord>(
      `SELECT ${RECORD} FROM unnest($4::uuid[], $5::bigint[]) AS s (subject_id, after)
        CROSS JOIN LATERAL (SELECT * FROM events e
                             WHERE e.subject_id = s.subject_id AND e.sequence > s.after AND ${WANTED}
                             ORDER BY e.sequence LIMIT $6) AS e
        ORDER BY e.subject_id, e.sequence`,
      [
        ...[organizationId, types, statuses],
        ...[stories.map(({ subjectId }) => subjectId), stories.map(({ after }) => after), limit],
      ],
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
         SELECT organization_id, sequence FROM events WHERE occurred_at < now() - $1 * interval '1 day'
          ORDER BY occurred_at LIMIT $2)`,
      [olderThanDays, limit],
    );
  }
}
