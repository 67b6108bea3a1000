import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiProblems,
  CurrentPrincipal,
  holdsScopes,
  IdParam,
  OrganizationId,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { BulkRequestsQueries } from '../bulk-requests.queries.js';
import {
  BulkRequestProofDto,
  bulkRequestProofDto,
  BulkRequestProofQuery,
  chosenLine,
} from './bulk-request-proof.dto.js';

@ApiTags('Bulk requests')
@Controller('bulk-requests')
export class BulkRequestProofController {
  constructor(private readonly bulkRequests: BulkRequestsQueries) {}

  /**
   * Prove that the money of a bulk request adds up
   *
   * What was reserved is what was settled, released and is open; lines, hold and ledger are read at one moment and compared. All lines are
   * under one hash: with `line` or `transfer_id` the answer lets the payee of that line check it against the hash without seeing the others.
   */
  @Get(':id/proof')
  @Scopes('bulk-requests:read')
  @ApiOkResponse({
    type: BulkRequestProofDto,
    description: 'The sums, the ledger behind them, and the hash over the lines.',
  })
  @ApiProblems(400, 401, 403, 404, 503)
  async prove(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() id: string,
    @Query() query: BulkRequestProofQuery,
  ): Promise<BulkRequestProofDto> {
    const proof = await this.bulkRequests.prove(organizationId, id, chosenLine(query));
    return bulkRequestProofDto(proof, holdsScopes(principal, ['transfers:read-pii']));
  }
}

/** The same, also at `/transfers/bulk`. */
@ApiTags('Bulk requests')
@Controller('transfers/bulk')
export class TransfersBulkProofController extends BulkRequestProofController {}
