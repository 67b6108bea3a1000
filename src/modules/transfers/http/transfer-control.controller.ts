import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiProblems,
  CurrentPrincipal,
  holdsScopes,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { CancelTransfer } from '../application/cancel-transfer.js';
import type { TransferAnswer } from '../application/move-transfer.js';
import { ResolveTransfer } from '../application/resolve-transfer.js';
import { TransfersQueries } from '../transfers.queries.js';
import { RESOLUTION_EXAMPLES, ResolveTransferDto } from './transfer-control.dto.js';
import { TransferDetailDto } from './transfers.dto.js';

@ApiTags('Transfers')
@Controller('transfers')
export class TransferControlController {
  constructor(
    private readonly cancelTransfer: CancelTransfer,
    private readonly resolveTransfer: ResolveTransfer,
    private readonly queries: TransfersQueries,
  ) {}

  /**
   * Cancel a transfer that was not sent
   *
   * Its money is free again at once. A transfer that may have reached its rail is not cancelled (409 `in_flight`), and one that has
   * ended stays as it is (409 `invalid_state`).
   */
  @Post(':id/cancel')
  @HttpCode(200)
  @Scopes('transfers:write')
  @ApiOkResponse({ type: TransferDetailDto, description: 'The transfer, cancelled.' })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  cancel(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdempotencyKey() idempotencyKey: string | null,
    @IdParam() transferId: string,
  ): Promise<Reply> {
    const command = { organizationId, transferId };
    return this.cancelTransfer.cancel(command, idempotencyKey, this.detailOf(organizationId, transferId, principal));
  }

  /**
   * Say what became of a transfer in manual review
   *
   * For operators who have asked the bank. It cannot be taken back: `settled` books the payment, `failed` releases the money, and what
   * the rail may say later is held against it.
   */
  @Post(':id/resolve')
  @HttpCode(200)
  @Scopes('operator')
  @ApiBody({ type: ResolveTransferDto, examples: RESOLUTION_EXAMPLES })
  @ApiOkResponse({ type: TransferDetailDto, description: 'The transfer, ended as you say.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  resolve(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdempotencyKey() idempotencyKey: string | null,
    @IdParam() transferId: string,
    @Body() { outcome, evidence }: ResolveTransferDto,
  ): Promise<Reply> {
    const command = { organizationId, transferId, outcome, evidence };
    return this.resolveTransfer.resolve(command, idempotencyKey, this.detailOf(organizationId, transferId, principal));
  }

  private detailOf(organizationId: string, id: string, principal: Principal): TransferAnswer {
    const showIbans = holdsScopes(principal, ['transfers:read-pii']);
    return async (tx) => Reply.of(200, await this.queries.getIn(tx, organizationId, id, showIbans));
  }
}
