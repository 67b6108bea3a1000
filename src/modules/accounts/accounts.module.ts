import { Module } from '@nestjs/common';
import { AuditTrailModule } from '../audit/index.js';
import { EventLogModule, LiveEventsModule } from '../events/index.js';
import { AccountsQueries } from './accounts.queries.js';
import { AccountsService } from './accounts.service.js';
import { AccountEventsController } from './http/account-events.controller.js';
import { AccountsController } from './http/accounts.controller.js';
import { AccountsRepository } from './persistence/accounts.repository.js';
import { HoldsRepository } from './persistence/holds.repository.js';

@Module({
  imports: [AuditTrailModule, EventLogModule, LiveEventsModule],
  controllers: [AccountsController, AccountEventsController],
  providers: [AccountsRepository, HoldsRepository, AccountsService, AccountsQueries],
  exports: [AccountsService, AccountsQueries],
})
export class AccountsModule {}
