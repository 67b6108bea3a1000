import type { Event } from './event.js';
import type { EventType } from './event-type.js';

/** What somebody wants to see of a thing's story. */
export interface Watch {
  readonly organizationId: string;
  readonly subjectId: string;
  readonly types: ReadonlySet<EventType>;
  /** The last event that was seen; 0 for none. */
  readonly after: number;
  /** Takes the next events; the same list for all who want the same. False when it wants no more until it says so. */
  readonly take: (events: readonly Event[]) => boolean;
}

/** Somebody who watches, and how far they have come. */
export class Watcher {
  readonly organizationId: string;
  readonly subjectId: string;
  readonly types: ReadonlySet<EventType>;
  /** Equal for all who want the same types. */
  readonly choice: string;
  readonly withLines: boolean;
  /** Everything up to here was looked at for them. */
  cursor: number;
  /** False while they have not read what they were told. */
  hasRoom = true;
  /** The turn in which they were told something last: who has waited longest comes first. */
  servedIn = 0;
  private readonly take: Watch['take'];

  constructor({ organizationId, subjectId, types, after, take }: Watch) {
    const names = [...types].sort();
    this.organizationId = organizationId;
    this.subjectId = subjectId;
    this.types = types;
    this.choice = names.join();
    this.withLines = names.some((type) => type.startsWith('transfer.'));
    this.cursor = after;
    this.take = take;
  }

  tell(events: readonly Event[], upTo: number, turn: number): void {
    this.cursor = upTo;
    this.servedIn = turn;
    if (events.length > 0) this.hasRoom = this.take(events);
  }
}

/** What several watchers need to be read only once. */
export interface WatchedStory {
  readonly story: { readonly subjectId: string; readonly after: number; readonly withLines: boolean };
  readonly watchers: readonly Watcher[];
}

/** The stories they watch, each from where they are; those come first that have waited longest. */
export function storiesOf(watchers: readonly Watcher[]): WatchedStory[] {
  const stories = new Map<string, { story: WatchedStory['story']; watchers: Watcher[] }>();
  for (const watcher of [...watchers].sort((a, b) => a.servedIn - b.servedIn)) {
    const { subjectId, cursor: after, withLines } = watcher;
    const key = `${subjectId} ${after} ${withLines}`;
    const known = stories.get(key);
    if (known) known.watchers.push(watcher);
    else stories.set(key, { story: { subjectId, after, withLines }, watchers: [watcher] });
  }
  return [...stories.values()];
}

/** Every type that any of them wants. */
export const typesOfAll = (watchers: readonly Watcher[]): ReadonlySet<EventType> =>
  new Set(watchers.flatMap(({ types }) => [...types]));
