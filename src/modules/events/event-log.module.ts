import { Module } from '@nestjs/common';
import { EventLines } from './event-lines.js';
import { EventLog } from './event-log.js';
import { EventRepository } from './persistence/event.repository.js';

/** What other modules say with that something happened. It needs nothing but the database and the wake-up. */
@Module({
  providers: [EventRepository, EventLines, EventLog],
  exports: [EventRepository, EventLines, EventLog],
})
export class EventLogModule {}
