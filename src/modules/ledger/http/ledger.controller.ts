import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  IdParam,
  OrganizationId,
  type Page,
  PageQuery,
  Scopes,
} from '../../../platform/http/index.js';
import { LedgerQueries } from '../ledger.queries.js';
import { AccountBalanceDto, accountBalanceDto, AccountEntryDto, accountEntryDto, BalanceQuery } from './ledger.dto.js';

/** What the ledger says about an account. Here, because the ledger knows accounts and accounts do not know the ledger. */
@ApiTags('Accounts')
@Controller('accounts/:id')
export class LedgerController {
  constructor(private readonly queries: LedgerQueries) {}

  /** Get the balance of an account, now or at an instant in the past. */
  @Get('balance')
  @Scopes('accounts:read')
  @ApiOkResponse({ type: AccountBalanceDto, description: 'The balance.' })
  @ApiProblems(400, 401, 403, 404, 422, 503)
  async getBalance(
    @OrganizationId() organizationId: string,
    @IdParam() accountId: string,
    @Query() { at }: BalanceQuery,
  ): Promise<AccountBalanceDto> {
    const instant = at === undefined ? null : new Date(at);
    return accountBalanceDto(await this.queries.getBalance(organizationId, accountId, instant));
  }

  /** List the ledger entries of an account, newest first. */
  @Get('entries')
  @Scopes('accounts:read')
  @ApiPage(AccountEntryDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async listEntries(
    @OrganizationId() organizationId: string,
    @IdParam() accountId: string,
    @Query() query: PageQuery,
  ): Promise<Page<AccountEntryDto>> {
    const page = await this.queries.listEntries(organizationId, accountId, query);
    return { ...page, data: page.data.map(accountEntryDto) };
  }
}
