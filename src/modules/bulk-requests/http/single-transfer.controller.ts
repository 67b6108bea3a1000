import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiTags } from '@nestjs/swagger';
import {
  ApiProblems,
  CurrentPrincipal,
  holdsScopes,
  IdempotencyKey,
  OrganizationId,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { TransfersQueries } from '../../transfers/index.js';
import { BulkRequestsService } from '../bulk-requests.service.js';
import { withNormalizedLabels } from '../domain/submission.js';
import { CreateTransferDto, TRANSFER_EXAMPLES } from './create-bulk-request.dto.js';

@ApiTags('Transfers')
@Controller('transfers')
export class SingleTransferController {
  constructor(
    private readonly bulkRequests: BulkRequestsService,
    private readonly transfers: TransfersQueries,
  ) {}

  /**
   * Submit one credit transfer: a bulk request of one line, answered as the transfer
   *
   * If it needs approval, it stays `pending` until its bulk request (`bulk_request_id`) is approved.
   */
  @Post()
  @HttpCode(202)
  @Scopes('transfers:write')
  @ApiBody({ type: CreateTransferDto, examples: TRANSFER_EXAMPLES })
  @ApiAcceptedResponse({
    description: 'Accepted, and being worked on.',
    schema: { $ref: '#/components/schemas/TransferDto' },
  })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 503)
  create(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() body: CreateTransferDto,
  ): Promise<Reply> {
    const submission = { ...withNormalizedLabels(body), credit_transfers: [body] };
    const command = {
      organizationId,
      operation: 'transfers.create' as const,
      idempotencyKey,
      body,
      submission,
      submitter: principal.actor,
      pointerOf: () => '',
    };
    return this.bulkRequests.submit(command, async (bulk, tx) => {
      const showIbans = holdsScopes(principal, ['transfers:read-pii']);
      const transfer = await this.transfers.getFirstOfBulk(tx, organizationId, bulk.id, showIbans);
      return Reply.of(202, transfer, `/api/v1/transfers/${transfer.id}`);
    });
  }
}
