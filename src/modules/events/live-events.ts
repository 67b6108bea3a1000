import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { eventFrame, type LiveAnswer } from '../../platform/http/index.js';
import { EventFeed } from './application/event-feed.js';
import type { Event } from './domain/event.js';
import { toldEvent } from './domain/told-event.js';
import type { Watch } from './domain/watcher.js';

/** Tells a thing's story as it goes on, to whoever stays on the line. */
@Injectable()
export class LiveEvents {
  /** What one list of events looks like, however many are sent it. */
  private readonly frames = new WeakMap<readonly Event[], Buffer>();

  constructor(private readonly feed: EventFeed) {}

  /** The body of the answer: the story after the last event the client knows, and then what happens. */
  follow(story: Pick<Watch, 'organizationId' | 'subjectId' | 'types'>, live: LiveAnswer): Readable {
    return live.stream((stream) => {
      const take = (events: readonly Event[]): boolean => stream.write(this.framed(events), events.length);
      const watching = this.feed.watch({ ...story, after: live.after, take });
      stream.onDrain(() => watching.resume());
      stream.onEnd(() => watching.end());
    });
  }

  private framed(events: readonly Event[]): Buffer {
    const known = this.frames.get(events);
    if (known) return known;
    const framed = Buffer.from(events.map(frameOf).join(''));
    this.frames.set(events, framed);
    return framed;
  }
}

const frameOf = (event: Event): string =>
  eventFrame({ id: event.sequence, event: event.type, data: JSON.stringify(toldEvent(event)) });
