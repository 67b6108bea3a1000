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
import { AccountsQueries } from '../accounts.queries.js';
import { ACCOUNT_EVENTS_EXAMPLES, AccountEventsQuery } from './account-events.dto.js';

@ApiTags('Accounts')
@Controller('accounts')
export class AccountEventsController {
  constructor(
    private readonly accounts: AccountsQueries,
    private readonly events: LiveEvents,
  ) {}

  /**
   * Watch an account and its balance live
   *
   * Server-sent events: all that has happened to it, from the beginning or from after `Last-Event-ID`, and then what happens, as it happens.
   * Each event is told as `GET /events` tells it; `account.balance_changed` carries the whole balance. What the balance is now,
   * `GET /accounts/{id}` says.
   */
  @Get(':id/events')
  @Scopes('accounts:read')
  @ApiEventStream('The events of the account, until either side ends the connection.', ACCOUNT_EVENTS_EXAMPLES)
  @ApiProblems(400, 401, 403, 404, 503)
  async follow(
    @OrganizationId() organizationId: string,
    @IdParam() id: string,
    @Query() { types = ['account.*'] }: AccountEventsQuery,
    @Live() live: LiveAnswer,
  ): Promise<object> {
    await this.accounts.get(organizationId, id);
    return this.events.follow({ organizationId, subjectId: id, types: typesOf(types) }, live);
  }
}
