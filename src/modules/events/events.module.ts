import { Module } from '@nestjs/common';
import { FollowEvents } from './application/follow-events.js';
import { PurgeEvents } from './application/purge-events.js';
import { ReadEvents } from './application/read-events.js';
import { EventLogModule } from './event-log.module.js';
import { EventsQueries } from './events.queries.js';
import { EventsController } from './http/events.controller.js';
import { EventCursorRepository } from './persistence/event-cursor.repository.js';

@Module({
  imports: [EventLogModule],
  controllers: [EventsController],
  providers: [EventCursorRepository, EventsQueries, FollowEvents, PurgeEvents, ReadEvents],
  exports: [EventsQueries, FollowEvents, ReadEvents],
})
export class EventsModule {}
