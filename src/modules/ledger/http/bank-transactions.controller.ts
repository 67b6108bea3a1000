import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Page,
  PageQuery,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { LedgerQueries } from '../ledger.queries.js';
import { LedgerService } from '../ledger.service.js';
import { BankTransactionDto, bankTransactionDto, RequestBankTransactionDto } from './bank-transactions.dto.js';

@ApiTags('Bank transactions')
@Controller('bank-transactions')
export class BankTransactionsController {
  constructor(
    private readonly ledger: LedgerService,
    private readonly queries: LedgerQueries,
  ) {}

  /** Move money between an account and the bank's own. A debit without the funds is recorded with the status `fail`. */
  @Post()
  @Scopes('bank-transactions:write')
  @ApiCreatedResponse({ type: BankTransactionDto, description: 'The transaction, with what became of it.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  create(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { dst_account_id: accountId, amount, direction, reason }: RequestBankTransactionDto,
  ): Promise<Reply> {
    const command = { organizationId, accountId, amount, direction, reason };
    return this.ledger.requestBankTransaction(command, idempotencyKey, (transaction) =>
      Reply.of(201, bankTransactionDto(transaction), `/api/v1/bank-transactions/${transaction.id}`),
    );
  }

  /** List bank transactions, newest first, failed ones included. */
  @Get()
  @Scopes('bank-transactions:read')
  @ApiPage(BankTransactionDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(@OrganizationId() organizationId: string, @Query() query: PageQuery): Promise<Page<BankTransactionDto>> {
    const page = await this.queries.listBankTransactions(organizationId, query);
    return { ...page, data: page.data.map(bankTransactionDto) };
  }

  /** Get a bank transaction. */
  @Get(':id')
  @Scopes('bank-transactions:read')
  @ApiOkResponse({ type: BankTransactionDto, description: 'The transaction.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<BankTransactionDto> {
    return bankTransactionDto(await this.queries.getBankTransaction(organizationId, id));
  }
}
