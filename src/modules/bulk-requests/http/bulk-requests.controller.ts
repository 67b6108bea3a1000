import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  createdRange,
  CurrentPrincipal,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Page,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { BulkRequestsQueries } from '../bulk-requests.queries.js';
import { BulkRequestsService } from '../bulk-requests.service.js';
import { withNormalizedLabels } from '../domain/submission.js';
import {
  BulkRequestDto,
  bulkRequestDto,
  bulkRequestPath,
  BulkRequestsQuery,
  BulkRequestStatusDto,
  bulkRequestStatusDto,
  SubmitQuery,
} from './bulk-requests.dto.js';
import { BULK_REQUEST_EXAMPLES, CreateBulkRequestDto } from './create-bulk-request.dto.js';

@ApiTags('Bulk requests')
@Controller('bulk-requests')
export class BulkRequestsController {
  constructor(
    private readonly bulkRequests: BulkRequestsService,
    private readonly queries: BulkRequestsQueries,
  ) {}

  /**
   * Submit a bulk request
   *
   * 202 means durable: the money is reserved and every line will be paid once, or reported on. With `status: awaiting_approval` it waits
   * for other people first (`links.approval`); a dry run says so in `warnings`. `request_id` or the `Idempotency-Key`
   * header make it safe to send again.
   */
  @Post()
  @HttpCode(202)
  @Scopes('bulk-requests:write')
  @ApiBody({ type: CreateBulkRequestDto, examples: BULK_REQUEST_EXAMPLES })
  @ApiAcceptedResponse({
    type: BulkRequestDto,
    description: 'Accepted, and being worked on or awaiting approval.',
    headers: {
      Location: { description: 'Where the bulk request can be read.', schema: { type: 'string' } },
      'Idempotent-Replayed': { description: '`true` when this repeats an earlier answer.', schema: { type: 'string' } },
    },
  })
  @ApiOkResponse({ type: BulkRequestDto, description: 'A dry run: acceptable as it is, nothing stored.' })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 503)
  async submit(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdempotencyKey() idempotencyKey: string | null,
    @Query() query: SubmitQuery,
    @Body() body: CreateBulkRequestDto,
  ): Promise<Reply> {
    const command = {
      organizationId,
      operation: 'bulk-requests.create' as const,
      idempotencyKey,
      body,
      submission: withNormalizedLabels(body),
      submitter: principal.actor,
    };
    if (query.dry_run) {
      return Reply.of(200, { ...bulkRequestDto(await this.bulkRequests.validate(command)), status: 'valid' });
    }
    return this.bulkRequests.submit(command, (bulk) => Reply.of(202, bulkRequestDto(bulk), bulkRequestPath(bulk.id)));
  }

  /** List bulk requests, newest first */
  @Get()
  @Scopes('bulk-requests:read')
  @ApiPage(BulkRequestDto)
  @ApiProblems(400, 401, 403, 503)
  async list(
    @OrganizationId() organizationId: string,
    @Query() query: BulkRequestsQuery,
  ): Promise<Page<BulkRequestDto>> {
    const filter = {
      organizationId,
      status: query.status,
      created: createdRange(query),
    };
    const page = await this.queries.list(filter, query);
    return { ...page, data: page.data.map(bulkRequestDto) };
  }

  /** Read a bulk request */
  @Get(':id')
  @Scopes('bulk-requests:read')
  @ApiOkResponse({ type: BulkRequestDto, description: 'The bulk request as it is now.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<BulkRequestDto> {
    return bulkRequestDto(await this.queries.get(organizationId, id));
  }

  /** Follow a bulk request: small enough to ask often */
  @Get(':id/status')
  @Scopes('bulk-requests:read')
  @ApiOkResponse({ type: BulkRequestStatusDto, description: 'State, counts, progress.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async status(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<BulkRequestStatusDto> {
    return bulkRequestStatusDto(await this.queries.get(organizationId, id), new Date());
  }
}

/** The same, also at `/transfers/bulk`: one operation, two addresses. */
@ApiTags('Bulk requests')
@Controller('transfers/bulk')
export class TransfersBulkController extends BulkRequestsController {}
