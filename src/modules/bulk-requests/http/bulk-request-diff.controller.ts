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
import { BulkRequestDiffDto, bulkRequestDiffDto, BulkRequestDiffQuery } from './bulk-request-diff.dto.js';

@ApiTags('Bulk requests')
@Controller('bulk-requests')
export class BulkRequestDiffController {
  constructor(private readonly bulkRequests: BulkRequestsQueries) {}

  /**
   * Compare a bulk request with the one before it
   *
   * For whoever approves it: who is new or missing, whose IBAN changed, and whose amount is off. Several lines to one counterparty are
   * added up.
   */
  @Get(':id/diff')
  @Scopes('bulk-requests:read', 'transfers:read')
  @ApiOkResponse({ type: BulkRequestDiffDto, description: 'The differences, counted; of each kind the first hundred.' })
  @ApiProblems(400, 401, 403, 404, 422, 503)
  async get(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() bulkId: string,
    @Query() { tolerance_percent: tolerancePercent = 0, previous_id: previous }: BulkRequestDiffQuery,
  ): Promise<BulkRequestDiffDto> {
    const previousId = previous?.toLowerCase() ?? null;
    const showIbans = holdsScopes(principal, ['transfers:read-pii']);
    const command = { organizationId, bulkId, previousId, tolerancePercent, showIbans };
    return bulkRequestDiffDto(await this.bulkRequests.diff(command));
  }
}

/** The same, also at `/transfers/bulk`: one operation, two addresses. */
@ApiTags('Bulk requests')
@Controller('transfers/bulk')
export class TransfersBulkDiffController extends BulkRequestDiffController {}
