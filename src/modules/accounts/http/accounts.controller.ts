import { Body, Controller, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  CurrentPrincipal,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Page,
  PageQuery,
  PlatformScope,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { AccountsQueries } from '../accounts.queries.js';
import { AccountsService } from '../accounts.service.js';
import { AccountDto, accountDto, ChangeAccountStatusDto, OpenAccountDto } from './accounts.dto.js';

@ApiTags('Accounts')
@Controller('accounts')
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly queries: AccountsQueries,
  ) {}

  /** Open an account. It starts active and empty. */
  @Post()
  @Scopes('accounts:write')
  @ApiCreatedResponse({ type: AccountDto, description: 'The account, opened.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  open(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { name, currency, iban = null, bic = null }: OpenAccountDto,
  ): Promise<Reply> {
    return this.accounts.open({ organizationId, name, currency, iban, bic }, idempotencyKey, (account) =>
      Reply.of(201, accountDto(account), `/api/v1/accounts/${account.id}`),
    );
  }

  /** List accounts, newest first. */
  @Get()
  @Scopes('accounts:read')
  @ApiPage(AccountDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(@OrganizationId() organizationId: string, @Query() query: PageQuery): Promise<Page<AccountDto>> {
    const page = await this.queries.list(organizationId, query);
    return { ...page, data: page.data.map(accountDto) };
  }

  /** Get an account with its balance. */
  @Get(':id')
  @Scopes('accounts:read')
  @ApiOkResponse({ type: AccountDto, description: 'The account.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<AccountDto> {
    return accountDto(await this.queries.get(organizationId, id));
  }

  /**
   * Freeze, unfreeze or close an account
   *
   * Asking for the status it has changes nothing. What the platform froze, only the platform unfreezes or closes (403
   * `stopped_by_platform`), also when the organization had frozen it before.
   */
  @Patch(':id')
  @Scopes('accounts:write')
  @ApiOkResponse({ type: AccountDto, description: 'The account with its new status.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 503)
  async changeStatus(
    @OrganizationId() organizationId: string,
    @IdParam() accountId: string,
    @CurrentPrincipal() { kind }: Principal,
    @Body() { status }: ChangeAccountStatusDto,
  ): Promise<AccountDto> {
    const change = { organizationId, accountId, status, byPlatform: kind === 'admin' };
    return accountDto(await this.accounts.changeStatus(change));
  }

  /** Verify the IBAN of an account: from then on it is this account's on the whole platform. Doing it twice changes nothing. */
  @Post(':id/verify')
  @HttpCode(200)
  @PlatformScope()
  @ApiOkResponse({ type: AccountDto, description: 'The account, verified.' })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  async verify(@OrganizationId() organizationId: string, @IdParam() accountId: string): Promise<AccountDto> {
    return accountDto(await this.accounts.verify(organizationId, accountId));
  }
}
