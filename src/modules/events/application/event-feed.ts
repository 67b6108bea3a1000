import { AsyncResource } from 'node:async_hooks';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Database, DISCOVERY } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { storiesOf, typesOfAll, type Watch, Watcher } from '../domain/watcher.js';
import { EventRepository } from '../persistence/event.repository.js';
import { ReadEvents } from './read-events.js';

/** Many wake-ups at once are one turn. */
const DEBOUNCE_MS = 50;
/** There is more already: as long as it takes sockets to empty. */
const SOON_MS = 5;
/** Wake-ups may get lost; without Redis, those of other processes always do. */
const POLL_MS = 1_000;
/** An organization whose log cannot be read is not asked for with every wake-up; it is with every poll. */
const REST_MS = 500;

const logger = createLogger('events');

/** Somebody is watching a story until it says otherwise. */
export interface Watching {
  /** The sink has room again. */
  resume(): void;
  end(): void;
}

/**
 * Shows stories to those who watch them in this process, from the log and in its order. It reads for all of them together: a turn asks once
 * which logs have grown, and once for each of those what is new in the stories that are watched. While nobody watches, it does nothing.
 */
@Injectable()
export class EventFeed implements BeforeApplicationShutdown {
  private readonly watchers = new Set<Watcher>();
  /** Organizations with which something is the matter, and until when they are left alone. */
  private readonly restsUntil = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private dueAt = 0;
  private running: Promise<void> | undefined;
  private wantedInMs = POLL_MS;
  private turns = 0;
  private hasStopped = false;
  private unlisten: (() => void) | undefined;
  // Whoever comes first starts the timer; what the turns do is not that request's doing.
  private readonly begin = AsyncResource.bind(() => this.run());

  constructor(
    private readonly database: Database,
    private readonly repository: EventRepository,
    private readonly events: ReadEvents,
    private readonly wake: Wake,
  ) {}

  watch(watch: Watch): Watching {
    const watcher = new Watcher(watch);
    this.watchers.add(watcher);
    this.unlisten ??= this.wake.listen('events', () => this.schedule(DEBOUNCE_MS));
    this.schedule(SOON_MS);
    return {
      resume: () => {
        watcher.hasRoom = true;
        this.schedule(SOON_MS);
      },
      end: () => this.leave(watcher),
    };
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.hasStopped = true;
    this.rest();
    await this.running;
  }

  private leave(watcher: Watcher): void {
    this.watchers.delete(watcher);
    if (this.watchers.size === 0) this.rest();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.restsUntil.clear();
    this.unlisten?.();
    this.unlisten = undefined;
  }

  private schedule(inMs: number): void {
    if (this.hasStopped || this.watchers.size === 0) return;
    if (this.running) {
      this.wantedInMs = Math.min(this.wantedInMs, inMs);
      return;
    }
    const dueAt = performance.now() + inMs;
    if (this.timer && this.dueAt <= dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = dueAt;
    this.timer = setTimeout(this.begin, inMs);
  }

  private run(): void {
    this.timer = undefined;
    this.wantedInMs = POLL_MS;
    this.running = this.turn().then((hasMore) => {
      this.running = undefined;
      this.schedule(hasMore ? Math.min(SOON_MS, this.wantedInMs) : this.wantedInMs);
    });
  }

  /** True when somebody who has room can be told more at once. */
  private async turn(): Promise<boolean> {
    this.turns++;
    let hasMore = false;
    try {
      const waiting = this.waiting();
      const organizationIds = [...new Set(waiting.map(({ organizationId }) => organizationId))];
      if (organizationIds.length === 0) return false;
      const heads = await this.repository.listHeads(this.database.as(DISCOVERY), organizationIds);
      for (const { organizationId, sequence: head } of heads) {
        const behind = waiting.filter((one) => one.organizationId === organizationId && one.cursor < head);
        if (behind.length > 0 && (await this.tryToCatchUp(organizationId, head, behind))) hasMore = true;
      }
    } catch (error) {
      // Everybody's place is kept; the next turn goes on from there.
      logger.error({ event: 'event_feed_failed', watchers: this.watchers.size, err: error });
    }
    return hasMore;
  }

  private waiting(): Watcher[] {
    const now = performance.now();
    for (const [organizationId, until] of this.restsUntil) if (until <= now) this.restsUntil.delete(organizationId);
    return [...this.watchers].filter(({ hasRoom, organizationId }) => hasRoom && !this.restsUntil.has(organizationId));
  }

  /** The others do not wait for an organization whose log cannot be read, whatever the reason. */
  private async tryToCatchUp(organizationId: string, head: number, behind: readonly Watcher[]): Promise<boolean> {
    try {
      return await this.catchUp(organizationId, head, behind);
    } catch (error) {
      this.restsUntil.set(organizationId, performance.now() + REST_MS);
      const failed = { organization_id: organizationId, watchers: behind.length, err: error };
      logger.error({ event: 'event_feed_failed', ...failed });
      return false;
    }
  }

  /** @param head read before: all up to it is committed, so a story that has no more ends there */
  private async catchUp(organizationId: string, head: number, behind: readonly Watcher[]): Promise<boolean> {
    const stories = storiesOf(behind);
    const asked = stories.map(({ story }) => story);
    const parts = await this.events.ofStories(
      this.database.of(organizationId),
      organizationId,
      asked,
      typesOfAll(behind),
    );
    let hasMore = false;
    for (const [index, { watchers }] of stories.entries()) {
      const part = parts[index] ?? null;
      if (part) this.tell(watchers, part.events, part.hasMore ? part.lastSequence : Math.max(head, part.lastSequence));
      if (part === null || part.hasMore) hasMore ||= watchers.some(({ hasRoom }) => hasRoom);
    }
    return hasMore;
  }

  private tell(watchers: readonly Watcher[], events: Parameters<Watcher['tell']>[0], upTo: number): void {
    const chosen = new Map<string, typeof events>();
    for (const watcher of watchers) {
      // It may have left while the events were read.
      if (!this.watchers.has(watcher)) continue;
      const own = chosen.get(watcher.choice) ?? events.filter(({ type }) => watcher.types.has(type));
      chosen.set(watcher.choice, own);
      watcher.tell(own, upTo, this.turns);
    }
  }
}
