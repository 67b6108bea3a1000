import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { BankTransactionsController } from './http/bank-transactions.controller.js';
import { LedgerController } from './http/ledger.controller.js';
import { LedgerQueries } from './ledger.queries.js';
import { LedgerService } from './ledger.service.js';
import { BankTransactionsRepository } from './persistence/bank-transactions.repository.js';
import { LedgerRepository } from './persistence/ledger.repository.js';

@Module({
  imports: [AccountsModule, AuditTrailModule],
  controllers: [LedgerController, BankTransactionsController],
  providers: [LedgerRepository, BankTransactionsRepository, LedgerService, LedgerQueries],
  exports: [LedgerService, LedgerQueries],
})
export class LedgerModule {}
