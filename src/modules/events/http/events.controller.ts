import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ApiWebhooks, OrganizationId, Scopes } from '../../../platform/http/index.js';
import { typesOf } from '../domain/event-type.js';
import { EventsQueries } from '../events.queries.js';
import { EVENT_WEBHOOKS } from './event-webhooks.js';
import { EventPageDto, eventPageDto, EventsQuery } from './events.dto.js';

@ApiTags('Events')
@ApiWebhooks(EVENT_WEBHOOKS)
@Controller('events')
export class EventsController {
  constructor(private readonly events: EventsQueries) {}

  /**
   * List what happened, in order
   *
   * Every change of state of bulk requests, transfers, accounts and keys, numbered without a gap. Whoever keeps `last_sequence` and asks for
   * what is after it misses nothing, however long it was away: events are kept for 90 days unless the installation says otherwise.
   */
  @Get()
  @Scopes('events:read')
  @ApiOkResponse({ type: EventPageDto, description: 'The next events, in order.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OrganizationId() organizationId: string,
    @Query() { after = 0, types = ['*'], limit = 100 }: EventsQuery,
  ): Promise<EventPageDto> {
    return eventPageDto(await this.events.list(organizationId, { after, types: typesOf(types), limit }));
  }
}
