import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY, prepared, type Queryable, type Tx } from '../../../platform/database/index.js';

export interface ClaimedDelivery {
  readonly id: string;
  readonly organizationId: string;
  readonly claim: number;
}

export interface ClaimLimits {
  /** Deliveries that are out at a time, over all organizations. */
  readonly inFlight: number;
  readonly inFlightPerOrganization: number;
  /** For how long a job may wait in its queue. */
  readonly claimMs: number;
}

const HAS_DUE_DELIVERIES = prepared(
  'has_due_webhook_deliveries',
  `SELECT 1 FROM webhook_deliveries WHERE status = 'pending' AND next_attempt_at <= now() LIMIT 1`,
);

const LOCK_CLAIM = prepared(
  'lock_webhook_claim',
  `SELECT pg_advisory_xact_lock(hashtext('webhooks'), hashtext('claim'))`,
);

/*
 * From one endpoint with pending deliveries to the next, and of each only as many as may still go out: what a hundred thousand that wait
 * for one endpoint cost, is one step of the index. An ordered endpoint has one out, the first of those that are open.
 */
const CLAIM_DELIVERIES = prepared(
  'claim_webhook_deliveries',
  `WITH RECURSIVE waiting AS (
     (SELECT endpoint_id FROM webhook_deliveries WHERE status = 'pending' ORDER BY endpoint_id LIMIT 1)
     UNION ALL
     SELECT n.endpoint_id FROM waiting w
      CROSS JOIN LATERAL (SELECT d.endpoint_id FROM webhook_deliveries d
                           WHERE d.status = 'pending' AND d.endpoint_id > w.endpoint_id
                           ORDER BY d.endpoint_id LIMIT 1) AS n
   ), out AS (
     SELECT organization_id, endpoint_id, count(*)::int AS n FROM webhook_deliveries WHERE status = 'delivering' GROUP BY 1, 2
   ), candidate AS (
     SELECT c.id, e.organization_id, coalesce(out.n, 0) + row_number() OVER (PARTITION BY e.id ORDER BY c.place) AS endpoint_turn
       FROM waiting w
       JOIN webhook_endpoints e ON e.id = w.endpoint_id AND e.status = 'enabled' AND e.deleted_at IS NULL
       LEFT JOIN out ON out.endpoint_id = e.id
      CROSS JOIN LATERAL (
        (SELECT d.id, row_number() OVER () AS place
           FROM (SELECT id FROM webhook_deliveries
                  WHERE NOT e.ordered AND endpoint_id = e.id AND status = 'pending' AND next_attempt_at <= now()
                  ORDER BY next_attempt_at, sequence LIMIT greatest(0, e.max_concurrency - coalesce(out.n, 0))) AS d)
        UNION ALL
        (SELECT o.id, 1
           FROM (SELECT id, status, next_attempt_at FROM webhook_deliveries
                  WHERE e.ordered AND endpoint_id = e.id AND status IN ('pending', 'delivering')
                  ORDER BY sequence LIMIT 1) AS o
          WHERE o.status = 'pending' AND o.next_attempt_at <= now() AND out.n IS NULL)
      ) AS c
   ), turn AS (
     SELECT k.id, k.endpoint_turn,
            row_number() OVER (PARTITION BY k.organization_id ORDER BY k.endpoint_turn, k.id)
              + coalesce((SELECT sum(n) FROM out o WHERE o.organization_id = k.organization_id), 0) AS organization_turn
       FROM candidate k
   ), chosen AS (
     SELECT id FROM turn WHERE organization_turn <= $2 ORDER BY organization_turn, endpoint_turn, id
      LIMIT greatest(0, $1 - (SELECT coalesce(sum(n), 0) FROM out))
   ), locked AS (
     SELECT id FROM webhook_deliveries WHERE id IN (SELECT id FROM chosen) AND status = 'pending'
        FOR NO KEY UPDATE SKIP LOCKED
   )
   UPDATE webhook_deliveries d
      SET status = 'delivering', claim = d.claim + 1, begun_at = NULL, lease_until = now() + $3 * interval '1 ms'
     FROM locked WHERE d.id = locked.id
    RETURNING d.id, d.organization_id AS "organizationId", d.claim`,
);

const HAND_BACK = `status = 'pending', lease_until = NULL, begun_at = NULL, next_attempt_at = now()`;

/** The work list: which deliveries go out next. Sees ids, states and times across organizations, and neither URLs nor secrets. */
@Injectable()
export class ClaimRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(DISCOVERY);
  }

  async hasDue(): Promise<boolean> {
    const rows = await this.all.query(HAS_DUE_DELIVERIES);
    return rows.length > 0;
  }

  /**
   * Claims due deliveries, taking turns: each organization, and within it each endpoint, has one out before any has two. One claims at a
   * time, over all processes.
   */
  async claim(tx: Tx, { inFlight, inFlightPerOrganization, claimMs }: ClaimLimits): Promise<ClaimedDelivery[]> {
    await tx.query(LOCK_CLAIM);
    return tx.query<ClaimedDelivery>(CLAIM_DELIVERIES, [inFlight, inFlightPerOrganization, claimMs]);
  }

  /** Handing over failed: back on the list at once. */
  async giveBack(claimed: readonly ClaimedDelivery[]): Promise<void> {
    await this.all.execute(
      `UPDATE webhook_deliveries d SET ${HAND_BACK} FROM unnest($1::uuid[], $2::int[]) AS c (id, claim)
        WHERE d.id = c.id AND d.claim = c.claim AND d.status = 'delivering' AND d.begun_at IS NULL`,
      [claimed.map(({ id }) => id), claimed.map(({ claim }) => claim)],
    );
  }

  /** Everything handed over may be lost: what nobody has begun goes back on the list. */
  async reopenAll(): Promise<void> {
    await this.all.execute(
      `UPDATE webhook_deliveries SET ${HAND_BACK} WHERE status = 'delivering' AND begun_at IS NULL`,
    );
  }

  /**
   * What nobody has taken in time goes back on the list, and so does what somebody has begun and not ended: that attempt may have reached
   * the receiver, who knows the event again by its id. Returns how many.
   */
  async reopenOverdue(limit: number): Promise<number> {
    const [row] = await this.all.query<{ count: number }>(
      `WITH overdue AS (
         SELECT id, begun_at, manual FROM webhook_deliveries WHERE status = 'delivering' AND lease_until < now()
          ORDER BY lease_until LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
       ), reopened AS (
         UPDATE webhook_deliveries d
            SET ${HAND_BACK}, manual = d.manual AND o.begun_at IS NULL,
                last_status_code = CASE WHEN o.begun_at IS NULL THEN d.last_status_code END,
                last_failure = CASE WHEN o.begun_at IS NULL THEN d.last_failure ELSE 'interrupted' END
           FROM overdue o WHERE d.id = o.id
         RETURNING d.id, d.organization_id, d.attempts, o.begun_at AS begun, o.manual AS was_manual
       ), interrupted AS (
         INSERT INTO webhook_attempts (delivery_id, organization_id, attempt, started_at, duration_ms, failure, manual)
         SELECT id, organization_id, attempts, begun, least(extract(epoch FROM now() - begun) * 1000, 2000000000)::int,
                'interrupted', was_manual
           FROM reopened WHERE begun IS NOT NULL
       )
       SELECT count(*)::int AS count FROM reopened`,
      [limit],
    );
    return row?.count ?? 0;
  }

  /** For how long the delivery that is due longest has been due, in seconds; of enabled endpoints. 0 when none is. */
  async oldestDueSeconds(): Promise<number> {
    const [row] = await this.all.query<{ seconds: number }>(
      `SELECT coalesce(extract(epoch FROM now() - min(due.at)), 0)::float8 AS seconds
         FROM webhook_endpoints e
        CROSS JOIN LATERAL (SELECT d.next_attempt_at AS at FROM webhook_deliveries d
                             WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.next_attempt_at <= now()
                             ORDER BY d.next_attempt_at LIMIT 1) AS due
        WHERE e.status = 'enabled' AND e.deleted_at IS NULL`,
    );
    return row?.seconds ?? 0;
  }

  /** Of events that are no longer kept, whatever became of them. Their attempts go with them. How many. */
  async purge(olderThanDays: number, limit: number): Promise<number> {
    return this.all.execute(
      `DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries
          WHERE created_at < now() - $1 * interval '1 day' AND status <> 'delivering' LIMIT $2)`,
      [olderThanDays, limit],
    );
  }
}
