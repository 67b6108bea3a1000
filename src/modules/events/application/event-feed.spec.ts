import type { Database } from '../../../platform/database/index.js';
import { setLogLevel } from '../../../platform/logging/index.js';
import type { Wake } from '../../../platform/queue/index.js';
import type { Event } from '../domain/event.js';
import { type EventType, typesOf } from '../domain/event-type.js';
import type { EventRepository, Story } from '../persistence/event.repository.js';
import { EventFeed } from './event-feed.js';
import type { ReadEvents, StoryPart } from './read-events.js';

const ACME = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60';
const OTHER = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c61';
const EVENTS_PER_PART = 3;
const TURN_MS = 50;
const POLL_MS = 1_000;

/** A log in memory, of which the feed may read three events of a story at a time. */
class FakeLog {
  readonly heads = new Map<string, number>();
  readonly events: Event[] = [];
  /** What was asked for in which turn. */
  readonly reads: { organizationId: string; stories: readonly Story[] }[] = [];
  headReads = 0;
  /** Stories that a read comes to, if not all. */
  reach = Infinity;
  fails = false;
  /** Organizations whose stories cannot be read. */
  readonly broken = new Set<string>();

  append(organizationId: string, subjectId: string, type: EventType = 'bulk_request.paused'): number {
    const sequence = (this.heads.get(organizationId) ?? 0) + 1;
    this.heads.set(organizationId, sequence);
    this.events.push({ organizationId, subjectId, type, sequence } as Event);
    return sequence;
  }

  readonly repository = {
    listHeads: async (_: unknown, ids: readonly string[]) => {
      this.headReads++;
      if (this.fails) throw new Error('no connection');
      return ids.flatMap((organizationId) => {
        const sequence = this.heads.get(organizationId);
        return sequence === undefined ? [] : [{ organizationId, sequence }];
      });
    },
  } as unknown as EventRepository;

  readonly reader = {
    ofStories: async (_: unknown, organizationId: string, stories: readonly Story[], types: ReadonlySet<EventType>) => {
      this.reads.push({ organizationId, stories });
      if (this.broken.has(organizationId)) throw new Error('a line is missing');
      return stories.map((story, index) => (index < this.reach ? this.part(story, types) : null));
    },
  } as unknown as ReadEvents;

  private part({ subjectId, after }: Story, types: ReadonlySet<EventType>): StoryPart {
    const rest = this.events.filter(
      (one) => one.subjectId === subjectId && one.sequence > after && types.has(one.type),
    );
    const events = rest.slice(0, EVENTS_PER_PART);
    return { events, lastSequence: events.at(-1)?.sequence ?? after, hasMore: rest.length > events.length };
  }
}

class FakeWake {
  readonly listeners = new Set<() => void>();
  listen(_: string, listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  ring(): void {
    for (const listener of this.listeners) listener();
  }
}

describe('the feed of events', () => {
  let log: FakeLog;
  let wake: FakeWake;
  let feed: EventFeed;

  beforeEach(() => {
    jest.useFakeTimers();
    log = new FakeLog();
    wake = new FakeWake();
    const database = { as: () => null, of: () => null } as unknown as Database;
    feed = new EventFeed(database, log.repository, log.reader, wake as unknown as Wake);
  });
  afterEach(() => jest.useRealTimers());

  /** Somebody with room for so many more lists of events. */
  function watch(
    subjectId: string,
    { organizationId = ACME, after = 0, types = ['bulk_request.*'], room = Infinity } = {},
  ) {
    const lists: (readonly Event[])[] = [];
    const take = (events: readonly Event[]): boolean => {
      lists.push(events);
      return lists.length < room;
    };
    const watching = feed.watch({ organizationId, subjectId, after, types: typesOf(types), take });
    return { ...watching, lists, heard: () => lists.flat().map(({ sequence }) => sequence) };
  }
  const turn = (): Promise<void> => jest.advanceTimersByTimeAsync(TURN_MS);
  const readsOf = (organizationId: string) => log.reads.filter((read) => read.organizationId === organizationId);

  it('does nothing while nobody watches', async () => {
    expect([jest.getTimerCount(), wake.listeners.size]).toEqual([0, 0]);
    const watcher = watch('a');
    await turn();
    watcher.end();
    expect([jest.getTimerCount(), wake.listeners.size]).toEqual([0, 0]);
    const { headReads } = log;
    await jest.advanceTimersByTimeAsync(10 * POLL_MS);
    expect(log.headReads).toBe(headReads);
  });

  it('tells a story from its beginning, then as it goes on: in order, each event once', async () => {
    const before = Array.from({ length: 8 }, () => log.append(ACME, 'a'));
    log.append(ACME, 'b');
    const watcher = watch('a');
    await turn();
    expect(watcher.heard()).toEqual(before);
    const next = log.append(ACME, 'a');
    wake.ring();
    await turn();
    expect(watcher.heard()).toEqual([...before, next]);
    wake.ring();
    await turn();
    expect(watcher.heard()).toEqual([...before, next]);
  });

  it('goes on after what was seen before', async () => {
    const [, second, ...rest] = Array.from({ length: 5 }, () => log.append(ACME, 'a'));
    const watcher = watch('a', { after: second ?? 0 });
    await turn();
    expect(watcher.heard()).toEqual(rest);
  });

  it('looks by itself every second: wake-ups get lost', async () => {
    const watcher = watch('a');
    await turn();
    const sequence = log.append(ACME, 'a');
    await jest.advanceTimersByTimeAsync(POLL_MS);
    expect(watcher.heard()).toEqual([sequence]);
  });

  it('reads once for all that is watched of an organization, and not at all where nothing happened', async () => {
    const watchers = Array.from({ length: 1_000 }, (_, index) => watch(`bulk ${index}`));
    const theirs = watch('theirs', { organizationId: OTHER });
    for (const index of watchers.keys()) log.append(ACME, `bulk ${index}`);
    await turn();
    expect(watchers.map((watcher) => watcher.heard())).toEqual(watchers.map((_, index) => [index + 1]));
    expect([log.headReads, readsOf(ACME).length, readsOf(OTHER).length]).toEqual([1, 1, 0]);
    log.append(OTHER, 'theirs');
    for (let rings = 0; rings < 10; rings++) wake.ring();
    await turn();
    expect(theirs.heard()).toEqual([1]);
    expect([log.headReads, readsOf(ACME).length, readsOf(OTHER).length]).toEqual([2, 1, 1]);
  });

  it('reads a story once for all who are at the same place, and gives those who want the same the same list', async () => {
    log.append(ACME, 'a');
    log.append(ACME, 'a', 'bulk_request.completed');
    const [first, second, choosy] = [watch('a'), watch('a'), watch('a', { types: ['bulk_request.completed'] })];
    await turn();
    expect(readsOf(ACME).map(({ stories }) => stories.length)).toEqual([1]);
    expect(first.heard()).toEqual([1, 2]);
    expect(second.lists[0]).toBe(first.lists[0]);
    expect(choosy.heard()).toEqual([2]);
  });

  it('leaves out who is full until they have room, delays nobody for them, and loses nothing', async () => {
    const sequences = Array.from({ length: 10 }, () => log.append(ACME, 'a'));
    const [slow, fast] = [watch('a', { room: 1 }), watch('a')];
    await turn();
    expect(fast.heard()).toEqual(sequences);
    expect(slow.heard()).toEqual(sequences.slice(0, EVENTS_PER_PART));
    const { headReads } = log;
    fast.end();
    await jest.advanceTimersByTimeAsync(10 * POLL_MS);
    expect(slow.lists.length).toBe(1);
    // Nobody it could tell anything: it does not even ask.
    expect(log.headReads).toBe(headReads);
    for (let lists = 2; lists <= 4; lists++) {
      slow.resume();
      await turn();
      expect(slow.lists.length).toBe(lists);
    }
    expect(slow.heard()).toEqual(sequences);
  });

  it('comes first to those it did not come to', async () => {
    log.reach = 2;
    const watchers = ['a', 'b', 'c', 'd', 'e'].map((subjectId) => {
      for (let events = 0; events < 2 * EVENTS_PER_PART; events++) log.append(ACME, subjectId);
      return watch(subjectId);
    });
    await jest.advanceTimersByTimeAsync(10 * TURN_MS);
    expect(watchers.map((watcher) => watcher.heard().length)).toEqual(watchers.map(() => 2 * EVENTS_PER_PART));
    const firsts = readsOf(ACME).map(({ stories }) => stories.slice(0, 2).map(({ subjectId }) => subjectId));
    expect(firsts.slice(0, 3)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'a'],
    ]);
  });

  it('keeps everybody’s place over a turn that fails', async () => {
    setLogLevel('silent');
    const watcher = watch('a');
    await turn();
    const sequence = log.append(ACME, 'a');
    log.fails = true;
    wake.ring();
    await turn();
    expect(watcher.heard()).toEqual([]);
    log.fails = false;
    await jest.advanceTimersByTimeAsync(POLL_MS);
    expect(watcher.heard()).toEqual([sequence]);
  });

  it('tells the others while the log of one organization cannot be read, and does not run in circles over that one', async () => {
    setLogLevel('silent');
    log.broken.add(ACME);
    const [bad, good] = [watch('a'), watch('theirs', { organizationId: OTHER })];
    const sequence = log.append(ACME, 'a');
    const heard: number[] = [];
    for (let round = 0; round < 5; round++) {
      heard.push(log.append(OTHER, 'theirs'));
      wake.ring();
      await turn();
      expect(good.heard()).toEqual(heard);
    }
    expect(readsOf(ACME).length).toBe(1);
    log.broken.clear();
    await jest.advanceTimersByTimeAsync(POLL_MS);
    expect(bad.heard()).toEqual([sequence]);
    expect(readsOf(ACME).length).toBe(2);
  });

  it('tells nobody anything who has left, not even what was being read for them', async () => {
    log.append(ACME, 'a');
    const [leaving, staying] = [watch('a'), watch('a')];
    const { ofStories } = log.reader;
    log.reader.ofStories = async (...asked) => {
      leaving.end();
      return ofStories(...asked);
    };
    await turn();
    expect([leaving.heard(), staying.heard()]).toEqual([[], [1]]);
  });

  it('begins nothing any more once the process stops', async () => {
    const watcher = watch('a');
    await feed.beforeApplicationShutdown();
    log.append(ACME, 'a');
    watcher.resume();
    await jest.advanceTimersByTimeAsync(10 * POLL_MS);
    expect([watcher.heard(), jest.getTimerCount(), wake.listeners.size]).toEqual([[], 0, 0]);
  });
});
