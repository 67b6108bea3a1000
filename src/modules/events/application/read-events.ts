import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import type { Queryable } from '../../../platform/database/index.js';
import { type Event, type EventRecord, type LineEvent, lineEvents, toEvent, toTransferEvent } from '../domain/event.js';
import { type EventType, LINES_RECORDED } from '../domain/event-type.js';
import { EventLines } from '../event-lines.js';
import { EventRepository } from '../persistence/event.repository.js';

export interface EventQuery {
  /** The number of the last event that is known already; 0 for none. */
  readonly after: number;
  readonly types: ReadonlySet<EventType>;
  /** How many events at most. */
  readonly limit: number;
  /** The number of the last event that is looked at; left out: the last there is. */
  readonly upTo?: number;
}

export interface EventPage {
  readonly events: readonly Event[];
  /** Everything up to here was looked at: where the next page starts. */
  readonly lastSequence: number;
  readonly hasMore: boolean;
}

/** A block has up to some thousand events; a page of records is opened one after the other until there are enough. */
const RECORDS_PER_READ = 100;

/** Reads the log, and opens its blocks into the events of single lines. */
@Injectable()
export class ReadEvents {
  constructor(
    private readonly repository: EventRepository,
    private readonly lines: EventLines,
  ) {}

  /** The next events of an organization, in order. */
  async next(on: Queryable, organizationId: string, { after, types, limit, upTo }: EventQuery): Promise<EventPage> {
    // Looked up first: what is committed meanwhile comes with the next page.
    const head = upTo ?? (await this.repository.findHead(on, organizationId));
    const recordLimit = Math.min(limit, RECORDS_PER_READ);
    const filter = { after, types: storedTypes(types), limit: recordLimit };
    const records = (await this.repository.list(on, organizationId, filter)).filter(({ sequence }) => sequence <= head);
    const places: { record: EventRecord; line: LineEvent | null; sequence: number }[] = [];
    let lastSequence = after;
    for (const record of records) {
      const room = limit - places.length;
      if (room === 0) break;
      const opened = openedFrom(record, after).filter(({ type }) => types.has(type));
      const taken = opened.slice(0, room);
      places.push(...taken.map(({ line, sequence }) => ({ record, line, sequence })));
      lastSequence = taken.length < opened.length ? (taken.at(-1)?.sequence ?? lastSequence) : record.sequence;
    }
    const last = records.at(-1)?.sequence ?? 0;
    const isDry = records.length < recordLimit && lastSequence >= last;
    const events = await this.told(on, organizationId, places);
    return isDry
      ? { events, lastSequence: Math.max(head, after), hasMore: false }
      : { events, lastSequence, hasMore: true };
  }

  /** The event with this number; null when it is no longer kept. */
  async find(
    on: Queryable,
    organizationId: string,
    { sequence, type }: Pick<Event, 'sequence' | 'type'>,
  ): Promise<Event | null> {
    const query = { after: sequence - 1, types: new Set([type]), limit: 1, upTo: Number.MAX_SAFE_INTEGER };
    const [event] = (await this.next(on, organizationId, query)).events;
    return event?.sequence === sequence ? event : null;
  }

  /** The number of the organization's last event; 0 before the first. */
  head(on: Queryable, organizationId: string): Promise<number> {
    return this.repository.findHead(on, organizationId);
  }

  /** The next records of several stories, each opened whole, by story and in order. */
  async ofSubjects(
    on: Queryable,
    organizationId: string,
    stories: readonly { readonly subjectId: string; readonly after: number }[],
    { types, limit }: Pick<EventQuery, 'types' | 'limit'>,
  ): Promise<readonly Event[]> {
    const afterOf = new Map(stories.map(({ subjectId, after }) => [subjectId, after]));
    const filter = { types: storedTypes(types), limit };
    const records = await this.repository.listOfSubjects(on, organizationId, stories, filter);
    const places = records.flatMap((record) =>
      openedFrom(record, afterOf.get(record.subjectId) ?? 0)
        .filter(({ type }) => types.has(type))
        .map(({ line, sequence }) => ({ record, line, sequence })),
    );
    return this.told(on, organizationId, places);
  }

  private async told(
    on: Queryable,
    organizationId: string,
    places: readonly { record: EventRecord; line: LineEvent | null }[],
  ): Promise<Event[]> {
    const asked = new Map<string, number[]>();
    for (const { record, line } of places) {
      if (line === null) continue;
      const lines = asked.get(record.subjectId);
      if (lines) lines.push(line.line);
      else asked.set(record.subjectId, [line.line]);
    }
    const details = new Map<string, Awaited<ReturnType<EventLines['find']>>>();
    for (const [bulkId, lines] of asked) {
      details.set(bulkId, await this.lines.find(on, organizationId, bulkId, lines));
    }
    return places.map(({ record, line }) => {
      if (line === null) return toEvent(record);
      const detail = details.get(record.subjectId)?.get(line.line);
      if (!detail) throw invariantViolated(`line ${line.line} of an event is not there`);
      return toTransferEvent(record, line, detail);
    });
  }
}

/** What of a record comes after a number. */
function openedFrom(
  record: EventRecord,
  after: number,
): { type: EventType; sequence: number; line: LineEvent | null }[] {
  if (record.type !== LINES_RECORDED) return [{ type: record.type, sequence: record.sequence, line: null }];
  return lineEvents(record)
    .filter(({ sequence }) => sequence > after)
    .map((line) => ({ type: line.type, sequence: line.sequence, line }));
}

/** As rows have them: lines are in blocks. */
function storedTypes(types: ReadonlySet<EventType>): string[] {
  const stored = new Set<string>();
  for (const type of types) stored.add(type.startsWith('transfer.') ? LINES_RECORDED : type);
  return [...stored];
}
