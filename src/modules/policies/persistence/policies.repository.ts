import { Injectable } from '@nestjs/common';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { UsedLimit } from '../domain/limit.js';
import type { ApprovalPolicy, DuplicatePolicy, PaymentPolicy } from '../domain/payment-policy.js';

/** An approval policy as it is stored: JSON has no bigint. */
interface StoredApproval extends Omit<ApprovalPolicy, 'amountOver'> {
  readonly amountOver: readonly { readonly currency: string; readonly amountMinor: string }[];
}

interface PolicyRow {
  readonly approval: StoredApproval | null;
  readonly duplicatePolicy: DuplicatePolicy;
  readonly version: number;
  readonly updatedAt: Date;
}

interface StoredLimit extends Pick<UsedLimit, 'accountId' | 'currency' | 'per' | 'maxCount'> {
  readonly maxMinor: string | null;
  readonly usedMinor: string;
  readonly usedCount: number;
}

/** What an acceptance is held against. */
export interface PaymentRules {
  readonly policy: PaymentPolicy | null;
  readonly limits: readonly UsedLimit[];
}

const POLICY = `approval, duplicate_policy AS "duplicatePolicy", version, updated_at AS "updatedAt"`;

/** Today, in UTC. */
export const TODAY = `(now() AT TIME ZONE 'UTC')::date`;

/** Every submission asks this: one statement, whatever there is. */
const FIND_PAYMENT_RULES = prepared(
  'find_payment_rules',
  `SELECT p.*,
          (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'accountId', l.account_id, 'currency', l.currency, 'per', l.per, 'maxMinor', l.max_minor::text,
                    'maxCount', l.max_count, 'usedMinor', coalesce(u.amount_minor, 0)::text,
                    'usedCount', coalesce(u.transfer_count, 0))), '[]')
             FROM payment_limits l
             LEFT JOIN limit_usage u ON l.per = 'day' AND u.organization_id = l.organization_id
                   AND u.account_id IS NOT DISTINCT FROM l.account_id AND u.currency = l.currency AND u.day = ${TODAY}
            WHERE l.organization_id = $1 AND l.currency = $2 AND (l.account_id IS NULL OR l.account_id = $3)) AS limits
     FROM (SELECT) one LEFT JOIN (SELECT ${POLICY} FROM payment_policies WHERE organization_id = $1) p ON true`,
);

@Injectable()
export class PoliciesRepository {
  async find(on: Queryable, organizationId: string): Promise<PaymentPolicy | null> {
    const [row] = await on.query<PolicyRow>(`SELECT ${POLICY} FROM payment_policies WHERE organization_id = $1`, [
      organizationId,
    ]);
    return row ? policyOf(row) : null;
  }

  /** Null when it is no longer of the version that is replaced; 0 is one that nobody has set. */
  async replace(
    tx: Tx,
    organizationId: string,
    policy: Pick<PaymentPolicy, 'approval' | 'duplicatePolicy' | 'version'>,
  ): Promise<PaymentPolicy | null> {
    const { approval, duplicatePolicy, version } = policy;
    const parameters = [organizationId, approval && JSON.stringify(stored(approval)), duplicatePolicy];
    const [row] =
      version === 0
        ? await tx.query<PolicyRow>(
            `INSERT INTO payment_policies (organization_id, approval, duplicate_policy, version) VALUES ($1, $2, $3, 1)
             ON CONFLICT (organization_id) DO NOTHING RETURNING ${POLICY}`,
            parameters,
          )
        : await tx.query<PolicyRow>(
            `UPDATE payment_policies SET approval = $2, duplicate_policy = $3, version = version + 1, updated_at = now()
              WHERE organization_id = $1 AND version = $4 RETURNING ${POLICY}`,
            [...parameters, version],
          );
    return row ? policyOf(row) : null;
  }

  /** The policy of the organization, and the limits for this account and currency with what was used of them today. */
  async findRules(
    on: Queryable,
    { organizationId, currency, accountId }: { organizationId: string; currency: string; accountId: string },
  ): Promise<PaymentRules> {
    const [row] = await on.query<Partial<PolicyRow> & { limits: StoredLimit[] }>(FIND_PAYMENT_RULES, [
      organizationId,
      currency,
      accountId,
    ]);
    const isSet = typeof row?.version === 'number';
    return { policy: isSet ? policyOf(row as PolicyRow) : null, limits: (row?.limits ?? []).map(limitOf) };
  }
}

const stored = (approval: ApprovalPolicy): StoredApproval => ({
  ...approval,
  amountOver: approval.amountOver.map(({ currency, amountMinor }) => ({ currency, amountMinor: `${amountMinor}` })),
});

function policyOf({ approval, duplicatePolicy, version, updatedAt }: PolicyRow): PaymentPolicy {
  const amountOver = (approval?.amountOver ?? []).map(({ currency, amountMinor }) => ({
    currency,
    amountMinor: BigInt(amountMinor),
  }));
  return { approval: approval && { ...approval, amountOver }, duplicatePolicy, version, updatedAt };
}

const limitOf = ({ maxMinor, usedMinor, usedCount, ...limit }: StoredLimit): UsedLimit => ({
  ...limit,
  maxMinor: maxMinor === null ? null : BigInt(maxMinor),
  used: { amountMinor: BigInt(usedMinor), count: usedCount },
});
