import { Injectable } from '@nestjs/common';
import type { Queryable } from '../../../platform/database/index.js';
import {
  type Event,
  type EventRecord,
  type LineEvent,
  lineEventAt,
  lineEvents,
  toEvent,
  toTransferEvent,
} from '../domain/event.js';
import { type EventType, LINES_RECORDED, storedTypes, transferStatusesOf } from '../domain/event-type.js';
import { EventLines } from '../event-lines.js';
import { EventRepository, type Story, type StoryRecord } from '../persistence/event.repository.js';

export interface EventQuery {
  /** The number of the last event that is known already; 0 for none. */
  readonly after: number;
  readonly types: ReadonlySet<EventType>;
  /** How many events at most. */
  readonly limit: number;
  /** Nothing beyond this number, which the log has reached already; as far as it goes, when left out. */
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
/** For one page, while none is of the types asked for: a read ends, however rare they are. */
const RECORDS_LOOKED_AT = 10_000;

/** An event of a record that was opened. */
interface Place {
  readonly record: EventRecord;
  readonly type: EventType;
  readonly sequence: number;
  /** Null when the record is the event. */
  readonly line: LineEvent | null;
}

/** The next events of one of several stories. */
export interface StoryPart {
  /** Of all types that were asked for any of them. */
  readonly events: readonly Event[];
  readonly lastSequence: number;
  readonly hasMore: boolean;
}

/** There may be thousands of stories: how much of one, and of all together, is in memory at one time. */
const STORY_LIMITS = { limit: 50, events: 250, eventsOfAll: 5_000 } as const;

/** Reads the log, and opens its blocks into the events of single lines. */
@Injectable()
export class ReadEvents {
  constructor(
    private readonly repository: EventRepository,
    private readonly lines: EventLines,
  ) {}

  /** The next events of an organization, in order. A page without any is not the last one when it says that there is more. */
  async next(on: Queryable, organizationId: string, { after, types, limit, upTo }: EventQuery): Promise<EventPage> {
    // Looked up first: numbers are committed in order, so all up to here is there. What comes meanwhile is left to the next page.
    const head = upTo ?? (await this.repository.findHead(on, organizationId));
    const end = await this.endOfRead(on, organizationId, { after, upTo: head });
    // One more than needed: the first may be a block of which everything was told before.
    const recordLimit = Math.min(limit, RECORDS_PER_READ) + 1;
    const filter = { ...filterOf(types), limit: recordLimit };
    const records = await this.repository.list(on, organizationId, { after, upTo: end }, filter);
    const { places, lastSequence, isThrough } = openUpTo(records, { after, types, limit });
    const events = await this.told(on, organizationId, places);
    if (!isThrough || records.length === recordLimit) return { events, lastSequence, hasMore: true };
    return { events, lastSequence: Math.max(end, after), hasMore: end < head };
  }

  /** The event with this number; null when it is no longer kept. */
  async find(
    on: Queryable,
    organizationId: string,
    { sequence, type }: Pick<Event, 'sequence' | 'type'>,
  ): Promise<Event | null> {
    const types = new Set([type]);
    const after = sequence - 1;
    const stretch = { after, upTo: Number.MAX_SAFE_INTEGER };
    const [record] = await this.repository.list(on, organizationId, stretch, { ...filterOf(types), limit: 1 });
    const place = record ? placeAt(record, sequence) : null;
    if (place?.type !== type) return null;
    const [event] = await this.told(on, organizationId, [place]);
    return event ?? null;
  }

  /** The number of the organization's last event; 0 before the first. */
  head(on: Queryable, organizationId: string): Promise<number> {
    return this.repository.findHead(on, organizationId);
  }

  /**
   * The next events of several stories, with as many statements for a thousand as for one. What it could not come to this time is null:
   * to be asked for again, first.
   */
  async ofStories(
    on: Queryable,
    organizationId: string,
    stories: readonly Story[],
    types: ReadonlySet<EventType>,
  ): Promise<(StoryPart | null)[]> {
    const filter = { ...filterOf(types), ...STORY_LIMITS };
    const records = await this.repository.listOfStories(on, organizationId, stories, filter);
    const recordsOf = byStory(records);
    const isCut = sizeOf(records) >= STORY_LIMITS.eventsOfAll;
    const lastStory = isCut ? (records.at(-1)?.story ?? 0) : stories.length;
    const opened = stories.map(({ after }, index) => openedStory(recordsOf.get(index + 1) ?? [], after, types));
    const places = opened.flatMap((story) => story.places);
    const told = await this.told(on, organizationId, places);
    let next = 0;
    return opened.map(({ places: { length }, lastSequence, hasMore }, index) => {
      const events = told.slice(next, (next += length));
      const story = index + 1;
      return story > lastStory ? null : { events, lastSequence, hasMore: hasMore || (isCut && story === lastStory) };
    });
  }

  /** How far one read goes. Looked up before it: what is purged meanwhile can only make it shorter. */
  private async endOfRead(
    on: Queryable,
    organizationId: string,
    stretch: { readonly after: number; readonly upTo: number },
  ): Promise<number> {
    // A record has a number at least.
    if (stretch.upTo - stretch.after <= RECORDS_LOOKED_AT) return stretch.upTo;
    return (await this.repository.findEnd(on, organizationId, stretch, RECORDS_LOOKED_AT)) ?? stretch.upTo;
  }

  private async told(on: Queryable, organizationId: string, places: readonly Place[]): Promise<Event[]> {
    const asked = places.flatMap(({ record, line }) => (line ? [{ bulkId: record.subjectId, line: line.line }] : []));
    const detailOf = await this.lines.find(on, organizationId, asked);
    return places.map(({ record, line }) =>
      line === null
        ? toEvent(record)
        : toTransferEvent(record, line, detailOf({ bulkId: record.subjectId, line: line.line })),
    );
  }
}

/** The first events of records that come after a number, and the number up to which nothing was left out. */
function openUpTo(
  records: readonly EventRecord[],
  { after, types, limit }: Pick<EventQuery, 'after' | 'types' | 'limit'>,
): { places: Place[]; lastSequence: number; isThrough: boolean } {
  const places: Place[] = [];
  let lastSequence = after;
  for (const record of records) {
    const opened = placesOf(record, after, types);
    const taken = opened.slice(0, limit - places.length);
    places.push(...taken);
    if (taken.length < opened.length) {
      return { places, lastSequence: taken.at(-1)?.sequence ?? lastSequence, isThrough: false };
    }
    lastSequence = record.sequence;
  }
  return { places, lastSequence, isThrough: true };
}

function byStory(records: readonly StoryRecord[]): ReadonlyMap<number, StoryRecord[]> {
  const stories = new Map<number, StoryRecord[]>();
  for (const record of records) {
    const known = stories.get(record.story);
    if (known) known.push(record);
    else stories.set(record.story, [record]);
  }
  return stories;
}

const sizeOf = (records: readonly EventRecord[]): number => records.reduce((sum, { size }) => sum + size, 0);

function openedStory(records: readonly EventRecord[], after: number, types: ReadonlySet<EventType>) {
  const limits = STORY_LIMITS;
  const { places, lastSequence, isThrough } = openUpTo(records, { after, types, limit: limits.events });
  const hasMore = !isThrough || records.length === limits.limit || sizeOf(records) >= limits.events;
  return { places, lastSequence, hasMore };
}

/** What of a record comes after a number. */
function placesOf(record: EventRecord, after: number, types: ReadonlySet<EventType>): Place[] {
  if (record.type !== LINES_RECORDED) return [{ record, type: record.type, sequence: record.sequence, line: null }];
  return lineEvents(record)
    .filter(({ sequence, type }) => sequence > after && types.has(type))
    .map((line) => ({ record, type: line.type, sequence: line.sequence, line }));
}

/** The same for one number, whatever else is in the record. */
function placeAt(record: EventRecord, sequence: number): Place | null {
  if (record.type !== LINES_RECORDED) {
    return record.sequence === sequence ? { record, type: record.type, sequence, line: null } : null;
  }
  const line = lineEventAt(record, sequence);
  return line && { record, type: line.type, sequence, line };
}

/** As rows have them: lines are in blocks. */
const filterOf = (types: ReadonlySet<EventType>) => ({
  types: storedTypes(types),
  statuses: transferStatusesOf(types),
});
