import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { NO_LIMITS, type PaymentLimits, type UsedLimit } from './domain/limit.js';
import { DEFAULT_POLICY, type PaymentPolicy } from './domain/payment-policy.js';
import { LimitsRepository } from './persistence/limits.repository.js';
import { PoliciesRepository } from './persistence/policies.repository.js';

@Injectable()
export class PoliciesQueries {
  constructor(
    private readonly database: Database,
    private readonly policies: PoliciesRepository,
    private readonly limits: LimitsRepository,
  ) {}

  async getPolicy(organizationId: string): Promise<PaymentPolicy> {
    return (await this.policies.find(this.database.of(organizationId), organizationId)) ?? DEFAULT_POLICY;
  }

  async getLimits(organizationId: string): Promise<PaymentLimits> {
    return (await this.limits.find(this.database.of(organizationId), organizationId)) ?? NO_LIMITS;
  }

  /** What a payment from this account is held against: the policy, and the limits with what was used of them today. */
  async rulesFor(payment: {
    organizationId: string;
    currency: string;
    accountId: string;
  }): Promise<{ policy: PaymentPolicy; limits: readonly UsedLimit[] }> {
    const { policy, limits } = await this.policies.findRules(this.database.of(payment.organizationId), payment);
    return { policy: policy ?? DEFAULT_POLICY, limits };
  }
}
