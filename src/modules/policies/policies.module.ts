import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { OrganizationsModule } from '../organizations/index.js';
import { LimitsController, OwnLimitsController } from './http/limits.controller.js';
import { OwnPaymentPolicyController, PaymentPolicyController } from './http/payment-policy.controller.js';
import { LimitsRepository } from './persistence/limits.repository.js';
import { PoliciesRepository } from './persistence/policies.repository.js';
import { PoliciesQueries } from './policies.queries.js';
import { PoliciesService } from './policies.service.js';

@Module({
  imports: [AccountsModule, AuditTrailModule, OrganizationsModule],
  controllers: [PaymentPolicyController, OwnPaymentPolicyController, LimitsController, OwnLimitsController],
  providers: [LimitsRepository, PoliciesQueries, PoliciesRepository, PoliciesService],
  exports: [PoliciesQueries, PoliciesService],
})
export class PoliciesModule {}
