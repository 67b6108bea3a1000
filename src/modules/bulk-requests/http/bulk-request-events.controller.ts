import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  ApiEventStream,
  ApiProblems,
  IdParam,
  Live,
  type LiveAnswer,
  OrganizationId,
  Scopes,
} from '../../../platform/http/index.js';
import { LiveEvents, typesOf } from '../../events/index.js';
import { BulkRequestsQueries } from '../bulk-requests.queries.js';
import { BULK_REQUEST_EVENTS_EXAMPLES, BulkRequestEventsQuery } from './bulk-request-events.dto.js';

@ApiTags('Bulk requests')
@Controller('bulk-requests')
export class BulkRequestEventsController {
  constructor(
    private readonly bulkRequests: BulkRequestsQueries,
    private readonly events: LiveEvents,
  ) {}

  /**
   * Watch a bulk request live
   *
   * Server-sent events: all that has happened to it, from the beginning or from after `Last-Event-ID`, and then what happens, as it happens.
   * Each event is told as `GET /events` tells it. The stream goes on after the bulk request has ended, for payments may come back.
   */
  @Get(':id/events')
  @Scopes('bulk-requests:read')
  @ApiEventStream(
    'The events of the bulk request, until either side ends the connection.',
    BULK_REQUEST_EVENTS_EXAMPLES,
  )
  @ApiProblems(400, 401, 403, 404, 503)
  async follow(
    @OrganizationId() organizationId: string,
    @IdParam() id: string,
    @Query() { types = ['bulk_request.*'] }: BulkRequestEventsQuery,
    @Live() live: LiveAnswer,
  ): Promise<object> {
    await this.bulkRequests.get(organizationId, id);
    return this.events.follow({ organizationId, subjectId: id, types: typesOf(types) }, live);
  }
}

/** The same, also at `/transfers/bulk`. */
@ApiTags('Bulk requests')
@Controller('transfers/bulk')
export class TransfersBulkEventsController extends BulkRequestEventsController {}
