import { Module } from '@nestjs/common';
import { EventFeed } from './application/event-feed.js';
import { ReadEvents } from './application/read-events.js';
import { EventLogModule } from './event-log.module.js';
import { LiveEvents } from './live-events.js';

/** What modules whose things have stories answer with, to whoever watches them. It needs nothing but the database and the wake-up. */
@Module({ imports: [EventLogModule], providers: [EventFeed, LiveEvents, ReadEvents], exports: [LiveEvents] })
export class LiveEventsModule {}
