import { Injectable } from '@nestjs/common';
import { minIdAt } from '../../../domain/ids.js';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { PaymentLimit, PaymentLimits, Spending } from '../domain/limit.js';
import { TODAY } from './policies.repository.js';

const DAY_MS = 86_400_000;
/** Ids are made by the clocks of API processes; they find rows, and `created_at` says which of them count. */
const CLOCK_SLACK_MS = 3_600_000;

interface SetRow {
  readonly version: number;
  readonly updatedAt: Date;
}

/** Whose day is counted. */
export interface Counter {
  readonly organizationId: string;
  readonly accountId: string | null;
  readonly currency: string;
}

/** Takes it only if it fits: the row's lock makes two at the same time come one after the other. */
const SPEND = prepared(
  'spend_limit',
  `INSERT INTO limit_usage AS u (organization_id, account_id, currency, day, amount_minor, transfer_count)
   VALUES ($1, $2, $3, ${TODAY}, $4, $5)
   ON CONFLICT (organization_id, account_id, currency, day) DO UPDATE
      SET amount_minor = u.amount_minor + excluded.amount_minor, transfer_count = u.transfer_count + excluded.transfer_count
    WHERE ($6::bigint IS NULL OR u.amount_minor + excluded.amount_minor <= $6)
      AND ($7::int IS NULL OR u.transfer_count + excluded.transfer_count <= $7)`,
);

@Injectable()
export class LimitsRepository {
  async find(on: Queryable, organizationId: string): Promise<PaymentLimits | null> {
    const [set] = await on.query<SetRow>(
      `SELECT version, updated_at AS "updatedAt" FROM payment_limit_sets WHERE organization_id = $1`,
      [organizationId],
    );
    if (!set) return null;
    const limits = await on.query<PaymentLimit>(
      `SELECT account_id AS "accountId", currency, per, max_minor AS "maxMinor", max_count AS "maxCount"
         FROM payment_limits WHERE organization_id = $1 ORDER BY account_id NULLS FIRST, currency, per`,
      [organizationId],
    );
    return { ...set, limits };
  }

  /** False when they are no longer of the version that is replaced; 0 is one that nobody has set. */
  async replace(
    tx: Tx,
    organizationId: string,
    { limits, version }: Omit<PaymentLimits, 'updatedAt'>,
  ): Promise<boolean> {
    const taken =
      version === 0
        ? await tx.execute(
            `INSERT INTO payment_limit_sets (organization_id, version) VALUES ($1, 1) ON CONFLICT DO NOTHING`,
            [organizationId],
          )
        : await tx.execute(
            `UPDATE payment_limit_sets SET version = version + 1, updated_at = now()
              WHERE organization_id = $1 AND version = $2`,
            [organizationId, version],
          );
    if (taken !== 1) return false;
    await tx.execute(`DELETE FROM payment_limits WHERE organization_id = $1`, [organizationId]);
    await tx.execute(
      `INSERT INTO payment_limits (organization_id, account_id, currency, per, max_minor, max_count)
       SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::int[])`,
      [
        organizationId,
        limits.map(({ accountId }) => accountId),
        limits.map(({ currency }) => currency),
        limits.map(({ per }) => per),
        limits.map(({ maxMinor }) => maxMinor),
        limits.map(({ maxCount }) => maxCount),
      ],
    );
    return true;
  }

  /**
   * A limit that begins in the middle of a day counts the whole day. What was accepted is in the bulk requests themselves; what reversals
   * take back is not spent. In order, as whoever spends.
   */
  async countToday(tx: Tx, organizationId: string): Promise<void> {
    const idFrom = minIdAt(Date.now() - DAY_MS - CLOCK_SLACK_MS);
    await tx.execute(
      `INSERT INTO limit_usage AS u (organization_id, account_id, currency, day, amount_minor, transfer_count)
       SELECT l.organization_id, l.account_id, l.currency, ${TODAY}, coalesce(sum(b.total_minor), 0)::bigint,
              coalesce(sum(b.transfer_count), 0)::int
         FROM payment_limits l
         LEFT JOIN bulk_requests b ON b.organization_id = l.organization_id AND b.currency = l.currency
               AND (l.account_id IS NULL OR b.debtor_account_id = l.account_id)
               AND b.origin IS DISTINCT FROM 'reversal' AND b.id >= $2 AND b.created_at >= ${TODAY}::timestamp AT TIME ZONE 'UTC'
        WHERE l.organization_id = $1 AND l.per = 'day'
        GROUP BY l.organization_id, l.account_id, l.currency
        ORDER BY l.account_id NULLS FIRST, l.currency
       ON CONFLICT (organization_id, account_id, currency, day) DO UPDATE
          SET amount_minor = greatest(u.amount_minor, excluded.amount_minor),
              transfer_count = greatest(u.transfer_count, excluded.transfer_count)`,
      [organizationId, idFrom],
    );
  }

  /** False, and nothing counted, when a maximum would be passed. */
  async spend(
    tx: Tx,
    { organizationId, accountId, currency }: Counter,
    { amountMinor, count }: Spending,
    { maxMinor, maxCount }: Pick<PaymentLimit, 'maxMinor' | 'maxCount'>,
  ): Promise<boolean> {
    const parameters = [organizationId, accountId, currency, amountMinor, count, maxMinor, maxCount];
    return (await tx.execute(SPEND, parameters)) === 1;
  }
}
