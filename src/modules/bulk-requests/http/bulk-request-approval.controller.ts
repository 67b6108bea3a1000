import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
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
import { BulkRequestsQueries } from '../bulk-requests.queries.js';
import { BulkRequestsService } from '../bulk-requests.service.js';
import type { Approval } from '../domain/approval.js';
import {
  APPROVE_EXAMPLES,
  ApproveBulkRequestDto,
  BulkRequestApprovalDto,
  bulkRequestApprovalDto,
  REJECT_EXAMPLES,
  RejectBulkRequestDto,
} from './bulk-request-approval.dto.js';

const answer = (approval: Approval): Reply => Reply.of(200, bulkRequestApprovalDto(approval));

@ApiTags('Bulk requests')
@Controller('bulk-requests')
export class BulkRequestApprovalController {
  constructor(
    private readonly bulkRequests: BulkRequestsService,
    private readonly queries: BulkRequestsQueries,
  ) {}

  /**
   * Read what a bulk request waits for
   *
   * Why it waits, who has approved it, and the hash of the payload that an approval is for. A bulk request that no rule held has the status
   * `not_required`.
   */
  @Get(':id/approval')
  @Scopes('bulk-requests:read')
  @ApiOkResponse({ type: BulkRequestApprovalDto, description: 'The approval as it is now.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string, @IdParam() bulkId: string): Promise<BulkRequestApprovalDto> {
    return bulkRequestApprovalDto(await this.queries.getApproval(organizationId, bulkId));
  }

  /**
   * Approve a bulk request
   *
   * The payload that `payload_hash` names, and no other. Who submitted it cannot. The last approval that is needed releases it. Approving
   * twice counts once.
   */
  @Post(':id/approve')
  @HttpCode(200)
  @Scopes('bulk-requests:approve')
  @ApiBody({ type: ApproveBulkRequestDto, examples: APPROVE_EXAMPLES })
  @ApiOkResponse({
    type: BulkRequestApprovalDto,
    description: 'Approved; `status` says whether that was the last one.',
  })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  approve(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() bulkId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { payload_hash: payloadHash }: ApproveBulkRequestDto,
  ): Promise<Reply> {
    const approver = principal.actor;
    return this.bulkRequests.approve({ organizationId, bulkId, idempotencyKey, approver, payloadHash }, answer);
  }

  /**
   * Reject a bulk request that awaits approval
   *
   * It ends, its lines are cancelled, and its money is free. One no is enough, whoever has approved it before.
   */
  @Post(':id/reject')
  @HttpCode(200)
  @Scopes('bulk-requests:approve')
  @ApiBody({ type: RejectBulkRequestDto, examples: REJECT_EXAMPLES })
  @ApiOkResponse({ type: BulkRequestApprovalDto, description: 'Rejected.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  reject(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() bulkId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { reason }: RejectBulkRequestDto,
  ): Promise<Reply> {
    const approver = principal.actor;
    return this.bulkRequests.reject({ organizationId, bulkId, idempotencyKey, approver, reason }, answer);
  }
}

/** The same, also at `/transfers/bulk`: one operation, two addresses. */
@ApiTags('Bulk requests')
@Controller('transfers/bulk')
export class TransfersBulkApprovalController extends BulkRequestApprovalController {}
