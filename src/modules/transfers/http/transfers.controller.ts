import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  createdRange,
  CurrentPrincipal,
  holdsScopes,
  IdParam,
  OrganizationId,
  type Page,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { TransfersQueries } from '../transfers.queries.js';
import { BulkTransfersQuery, TransferDetailDto, TransferDto, TransfersQuery } from './transfers.dto.js';

@ApiTags('Transfers')
@Controller('transfers')
export class TransfersController {
  constructor(private readonly queries: TransfersQueries) {}

  /** List transfers, newest first */
  @Get()
  @Scopes('transfers:read')
  @ApiPage(TransferDto)
  @ApiProblems(400, 401, 403)
  list(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @Query() query: TransfersQuery,
  ): Promise<Page<TransferDto>> {
    return this.queries.list(
      {
        organizationId,
        status: query.status,
        bulkRequestId: query.bulk_request_id,
        counterpartyIban: query.counterparty_iban,
        created: createdRange(query),
      },
      { limit: query.limit, cursor: query.cursor, showIbans: holdsScopes(principal, ['transfers:read-pii']) },
    );
  }

  /** Read one transfer with its attempts and history */
  @Get(':id')
  @Scopes('transfers:read')
  @ApiOkResponse({ type: TransferDetailDto, description: 'The transfer.' })
  @ApiProblems(400, 401, 403, 404)
  get(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() id: string,
  ): Promise<TransferDetailDto> {
    return this.queries.get(organizationId, id, holdsScopes(principal, ['transfers:read-pii']));
  }
}

/** The lines of a bulk request; their address is the bulk's, their rows are here. */
@ApiTags('Bulk requests')
@Controller('bulk-requests')
export class BulkTransfersController {
  constructor(private readonly queries: TransfersQueries) {}

  /** List the transfers of a bulk request, in the order of the request */
  @Get(':id/transfers')
  @Scopes('bulk-requests:read')
  @ApiPage(TransferDto)
  @ApiProblems(400, 401, 403, 404, 503)
  list(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() id: string,
    @Query() query: BulkTransfersQuery,
  ): Promise<Page<TransferDto>> {
    return this.queries.listOfBulk(
      { organizationId, bulkId: id, status: query.status },
      { limit: query.limit, cursor: query.cursor, showIbans: holdsScopes(principal, ['transfers:read-pii']) },
    );
  }
}

/** The same, also at `/transfers/bulk`. */
@ApiTags('Bulk requests')
@Controller('transfers/bulk')
export class TransfersBulkTransfersController extends BulkTransfersController {}
