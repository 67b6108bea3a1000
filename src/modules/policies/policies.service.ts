import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../domain/errors.js';
import { Database, PLATFORM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { createLogger } from '../../platform/logging/index.js';
import { AccountsQueries } from '../accounts/index.js';
import { AuditTrail } from '../audit/index.js';
import { OrganizationsQueries } from '../organizations/index.js';
import { limitsState, policyState } from './domain/audit-state.js';
import {
  exceededLimits,
  inLockOrder,
  NO_LIMITS,
  type PaymentLimits,
  type Spending,
  type UsedLimit,
} from './domain/limit.js';
import {
  type ApprovalPolicy,
  DEFAULT_POLICY,
  type DuplicatePolicy,
  type PaymentPolicy,
} from './domain/payment-policy.js';
import { checkLimits, checkThresholds, type LimitInput } from './domain/policy-input.js';
import { limitExceeded, ruleViolations, versionConflict } from './domain/policy.errors.js';
import { LimitsRepository } from './persistence/limits.repository.js';
import { PoliciesRepository } from './persistence/policies.repository.js';

export interface SetPolicy {
  readonly organizationId: string;
  readonly approval:
    | (Omit<ApprovalPolicy, 'amountOver'> & {
        readonly amountOver: readonly { readonly currency: string; readonly amount: string }[];
      })
    | null;
  readonly duplicatePolicy: DuplicatePolicy;
  /** The version it replaces. */
  readonly version: number;
}

export interface SetLimits {
  readonly organizationId: string;
  readonly limits: readonly LimitInput[];
  /** The version they replace. */
  readonly version: number;
}

/** A payment as limits see it. */
export interface SpendingRequest extends Spending {
  readonly organizationId: string;
  readonly accountId: string;
  readonly currency: string;
}

const logger = createLogger('policies');

/** The rules an organization's payments keep, set by the platform alone: who submits cannot loosen them. */
@Injectable()
export class PoliciesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly database: Database,
    private readonly policies: PoliciesRepository,
    private readonly limits: LimitsRepository,
    private readonly organizations: OrganizationsQueries,
    private readonly accounts: AccountsQueries,
    private readonly audit: AuditTrail,
  ) {}

  /** Replaces it whole. What waits already keeps the terms it was accepted under. @throws validation_failed, version_conflict */
  async setPolicy({ organizationId, approval, duplicatePolicy, version }: SetPolicy): Promise<PaymentPolicy> {
    await this.organizations.get(organizationId);
    const { value: amountOver, errors } = checkThresholds(approval?.amountOver ?? []);
    if (errors.length > 0) throw ruleViolations(errors);
    const policy = { approval: approval && { ...approval, amountOver }, duplicatePolicy, version };
    return this.unitOfWork.run(PLATFORM, async (tx) => {
      // Of the version that is replaced, and so exactly what held before: versions only grow.
      const before = (await this.policies.find(tx, organizationId)) ?? DEFAULT_POLICY;
      if (before.version !== version) throw versionConflict(before.version);
      const replaced = await this.policies.replace(tx, organizationId, policy);
      if (!replaced) throw versionConflict((await this.policies.find(tx, organizationId))?.version ?? 0);
      this.audit.record(tx, {
        organizationId,
        action: 'payment_policy.replaced',
        resource: { type: 'payment_policy', id: organizationId },
        before: policyState(before),
        after: policyState(replaced),
      });
      this.tell(tx, 'payment_policy_set', organizationId, replaced.version);
      return replaced;
    });
  }

  /** Replaces them whole. A limit for a day counts what was accepted since its midnight. @throws validation_failed, version_conflict */
  async setLimits({ organizationId, limits, version }: SetLimits): Promise<PaymentLimits> {
    await this.organizations.get(organizationId);
    const currencies = await this.currenciesOf(organizationId, limits);
    const { value, errors } = checkLimits(limits, (accountId) => currencies.get(accountId) ?? null);
    if (errors.length > 0) throw ruleViolations(errors);
    return this.unitOfWork.run(PLATFORM, async (tx) => {
      const before = (await this.limits.find(tx, organizationId)) ?? NO_LIMITS;
      if (before.version !== version) throw versionConflict(before.version);
      if (!(await this.limits.replace(tx, organizationId, { limits: value, version }))) {
        throw versionConflict((await this.limits.find(tx, organizationId))?.version ?? 0);
      }
      await this.limits.countToday(tx, organizationId);
      const replaced = await this.limits.find(tx, organizationId);
      if (!replaced) throw invariantViolated('limits that were just set are not there');
      this.audit.record(tx, {
        organizationId,
        action: 'payment_limits.replaced',
        resource: { type: 'payment_limits', id: organizationId },
        before: limitsState(before),
        after: limitsState(replaced),
      });
      this.tell(tx, 'payment_limits_set', organizationId, replaced.version);
      return replaced;
    });
  }

  /** As the limits were read: what does not fit costs no transaction. @throws limit_exceeded */
  assertWithin(limits: readonly UsedLimit[], requested: Spending): void {
    const errors = exceededLimits(limits, requested);
    if (errors.length > 0) throw limitExceeded(errors);
  }

  /**
   * Counts an accepted payment, right before its account is reserved: of two at the same time, the second sees what the first has taken.
   * What is cancelled or fails later stays counted for the day, or submitting and cancelling would make a limit mean nothing.
   *
   * @param limits those that were read for it
   * @throws limit_exceeded; the transaction is then to be rolled back
   */
  async spend(tx: Tx, request: SpendingRequest, limits: readonly UsedLimit[]): Promise<void> {
    const { organizationId, accountId, currency } = request;
    for (const limit of inLockOrder(limits)) {
      const counter = { organizationId, accountId: limit.accountId, currency };
      if (await this.limits.spend(tx, counter, request, limit)) continue;
      const now = await this.policies.findRules(tx, { organizationId, accountId, currency });
      throw limitExceeded(exceededLimits(now.limits, request));
    }
  }

  private async currenciesOf(organizationId: string, limits: readonly LimitInput[]): Promise<Map<string, string>> {
    const currencies = new Map<string, string>();
    const ids = limits.flatMap(({ account_id: id }) => (id === null ? [] : [id.toLowerCase()]));
    for (const accountId of new Set(ids)) {
      const account = await this.accounts.findDebtor(this.database.of(organizationId), { organizationId, accountId });
      if (account) currencies.set(accountId, account.currency);
    }
    return currencies;
  }

  private tell(tx: Tx, event: string, organizationId: string, version: number): void {
    tx.afterCommit(() => logger.info({ event, organization_id: organizationId, version }));
  }
}
