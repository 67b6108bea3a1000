import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { type EventPage, type EventQuery, ReadEvents } from './application/read-events.js';

@Injectable()
export class EventsQueries {
  constructor(
    private readonly database: Database,
    private readonly events: ReadEvents,
  ) {}

  /** The organization's events after a number, in order. */
  list(organizationId: string, query: EventQuery): Promise<EventPage> {
    return this.events.next(this.database.of(organizationId), organizationId, query);
  }
}
