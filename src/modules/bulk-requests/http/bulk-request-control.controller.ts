import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiProblems,
  CurrentPrincipal,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { BulkRequestsService } from '../bulk-requests.service.js';
import { CancellationDto, cancellationDto, RETRY_EXAMPLES, RetryFailedLinesDto } from './bulk-request-control.dto.js';
import { BulkRequestDto, bulkRequestDto, bulkRequestPath } from './bulk-requests.dto.js';

@ApiTags('Bulk requests')
@Controller('bulk-requests')
export class BulkRequestControlController {
  constructor(private readonly bulkRequests: BulkRequestsService) {}

  /**
   * Cancel a bulk request
   *
   * What was not sent is cancelled and its money released. Once this has answered, no line but those counted as `in_flight` is sent; they
   * end as their rail says. Asked again while lines are in flight, it counts anew.
   */
  @Post(':id/cancel')
  @HttpCode(200)
  @Scopes('bulk-requests:write')
  @ApiOkResponse({
    type: CancellationDto,
    description: 'Being cancelled: how many lines are, and how many may still be paid.',
  })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  cancel(
    @OrganizationId() organizationId: string,
    @IdParam() bulkId: string,
    @IdempotencyKey() idempotencyKey: string | null,
  ): Promise<Reply> {
    return this.bulkRequests.cancel({ organizationId, bulkId, idempotencyKey }, (cancellation) =>
      Reply.of(200, cancellationDto(cancellation)),
    );
  }

  /**
   * Pause a bulk request
   *
   * Nothing new is sent until it is resumed. What is with the rail is followed up, and if that was all, the bulk request ends. Pausing a
   * paused one changes nothing.
   */
  @Post(':id/pause')
  @HttpCode(200)
  @Scopes('bulk-requests:write')
  @ApiOkResponse({ type: BulkRequestDto, description: 'Paused.' })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  pause(
    @OrganizationId() organizationId: string,
    @IdParam() bulkId: string,
    @IdempotencyKey() idempotencyKey: string | null,
  ): Promise<Reply> {
    return this.bulkRequests.pause({ organizationId, bulkId, idempotencyKey }, (bulk) =>
      Reply.of(200, bulkRequestDto(bulk)),
    );
  }

  /**
   * Resume a paused bulk request
   *
   * Resuming one that is being processed changes nothing.
   */
  @Post(':id/resume')
  @HttpCode(200)
  @Scopes('bulk-requests:write')
  @ApiOkResponse({ type: BulkRequestDto, description: 'Being worked on again.' })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  resume(
    @OrganizationId() organizationId: string,
    @IdParam() bulkId: string,
    @IdempotencyKey() idempotencyKey: string | null,
  ): Promise<Reply> {
    return this.bulkRequests.resume({ organizationId, bulkId, idempotencyKey }, (bulk) =>
      Reply.of(200, bulkRequestDto(bulk)),
    );
  }

  /**
   * Retry the failed lines of a bulk request that has ended
   *
   * They become a bulk request of their own, linked by `origin`, with the account, the rail and the choices of the first one. Its money is
   * reserved anew. A failed line is paid again at most once. What looks like a payment made since is treated as the organization's
   * `duplicate_policy` says.
   */
  @Post(':id/retry-failed')
  @HttpCode(202)
  @Scopes('bulk-requests:write')
  @ApiBody({ type: RetryFailedLinesDto, required: false, examples: RETRY_EXAMPLES })
  @ApiAcceptedResponse({
    type: BulkRequestDto,
    description: 'The new bulk request, accepted and being worked on.',
    headers: {
      Location: { description: 'Where the new bulk request can be read.', schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  retryFailed(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() bulkId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { duplicate_override_reason: overrideReason }: RetryFailedLinesDto,
  ): Promise<Reply> {
    const asked = { submitter: principal.actor, overrideReason: overrideReason ?? null };
    return this.bulkRequests.retryFailed({ organizationId, bulkId, idempotencyKey, ...asked }, (bulk) =>
      Reply.of(202, bulkRequestDto(bulk), bulkRequestPath(bulk.id)),
    );
  }
}

/** The same, also at `/transfers/bulk`: one operation, two addresses. */
@ApiTags('Bulk requests')
@Controller('transfers/bulk')
export class TransfersBulkControlController extends BulkRequestControlController {}
