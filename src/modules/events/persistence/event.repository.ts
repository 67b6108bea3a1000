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

/** What happened to one thing, from where somebody left it. */
export interface Story {
  readonly subjectId: string;
  readonly after: number;
  /** Whether what became of its lines belongs to it. */
  readonly withLines: boolean;
}

/** `limit` is of records of one story. The last record may be of more events than the others leave. */
export interface StoryFilter extends RecordFilter {
  readonly events: number;
  readonly eventsOfAll: number;
}

export interface StoryRecord extends EventRecord {
  /** The place of its story among those that were asked for, from 1. */
  readonly story: number;
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

  /** The next of each of several stories, by story and in order, until there are enough events of the story, or of all. */
  async listOfStories(
    on: Queryable,
    organizationId: string,
    stories: readonly Story[],
    { types, statuses, limit, events, eventsOfAll }: StoryFilter,
  ): Promise<StoryRecord[]> {
    return on.query<StoryRecord>(
      `SELECT * FROM (
         SELECT s.story::float8 AS story, e.*, sum(e.size) OVER (ORDER BY s.story, e.sequence) - e.size AS "beforeInAll"
           FROM unnest($4::uuid[], $5::bigint[], $6::boolean[]) WITH ORDINALITY AS s (subject_id, after, with_lines, story)
          CROSS JOIN LATERAL (
            SELECT r.*, sum(r.size) OVER (ORDER BY r.sequence) - r.size AS before
              FROM (SELECT ${RECORD} FROM events e
                     WHERE e.subject_id = s.subject_id AND e.sequence > s.after AND ${WANTED}
                       AND (s.with_lines OR e.type <> '${LINES_RECORDED}')
                     ORDER BY e.sequence LIMIT $7) AS r) AS e
          WHERE e.before < $8) AS told
        WHERE "beforeInAll" < $9 ORDER BY story, sequence`,
      [
        ...[organizationId, types, statuses],
        stories.map(({ subjectId }) => subjectId),
        stories.map(({ after }) => after),
        stories.map(({ withLines }) => withLines),
        ...[limit, events, eventsOfAll],
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

  /** The oldest first, as far as all of these consumers have come with them. How many were deleted. */
  async purge(
    on: Queryable,
    { olderThanDays, seenBy, limit }: { olderThanDays: number; seenBy: readonly string[]; limit: number },
  ): Promise<number> {
    // An aggregate, so that the cursors are looked up for rows in the order of the index on the time, and only until there are enough.
    return on.execute(
      `DELETE FROM events WHERE (organization_id, sequence) IN (
         SELECT e.organization_id, e.sequence FROM events e
          CROSS JOIN LATERAL (
            SELECT min(coalesce(c.sequence, 0)) AS sequence FROM unnest($2::text[]) AS f (consumer)
              LEFT JOIN event_cursors c ON c.consumer = f.consumer AND c.organization_id = e.organization_id) AS seen
          WHERE e.occurred_at < now() - $1 * interval '1 day' AND e.sequence <= coalesce(seen.sequence, e.sequence)
          ORDER BY e.occurred_at LIMIT $3)`,
      [olderThanDays, seenBy, limit],
    );
  }
}
