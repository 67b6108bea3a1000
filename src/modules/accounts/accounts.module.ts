import { Module } from '@nestjs/common';
import { AuditTrailModule } from '../audit/index.js';
import { EventLogModule } from '../events/index.js';
import { AccountsQueries } from './accounts.queries.js';
import { AccountsService } from './accounts.service.js';
import { AccountsController } from './http/accounts.controller.js';
import { AccountsRepository } from './persistence/accounts.repository.js';
import { HoldsRepository } from './persistence/holds.repository.js';

@Module({
  imports: [AuditTrailModule, EventLogModule],
  controllers: [AccountsController],
  providers: [AccountsRepository, HoldsRepository, AccountsService, AccountsQueries],
  exports: [AccountsService, AccountsQueries],
})
export class AccountsModule {}
