import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY, prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import { BEGUN_DELIVERY, type BegunDelivery } from './delivery.repository.js';

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

/** Of the one-off endpoints of an organization, for a claim: more than may be out, so that one with many does not keep others from view. */
const ONE_OFFS_LOOKED_AT = 100;

const HAS_DUE_DELIVERIES = prepared(
  'has_due_webhook_deliveries',
  `SELECT 1 FROM webhook_deliveries WHERE status = 'pending' AND next_attempt_at <= now() LIMIT 1`,
);

const LOCK_CLAIM = prepared(
  'lock_webhook_claim',
  `SELECT pg_advisory_xact_lock(hashtext('webhooks'), hashtext('claim'))`,
);

/*
 * From one lane with pending deliveries to the next: what a hundred thousand that wait in one cost, is one step of the index. An endpoint
 * is a lane; all one-off endpoints of an organization together are one, however many there are.
 */
const LANES = `RECURSIVE waiting AS (
     (SELECT lane, endpoint_id, next_attempt_at AS soonest FROM webhook_deliveries
       WHERE status = 'pending' ORDER BY lane, next_attempt_at LIMIT 1)
     UNION ALL
     SELECT n.* FROM waiting w
      CROSS JOIN LATERAL (SELECT d.lane, d.endpoint_id, d.next_attempt_at FROM webhook_deliveries d
                           WHERE d.status = 'pending' AND d.lane > w.lane
                           ORDER BY d.lane, d.next_attempt_at LIMIT 1) AS n
   )`;

/*
 * Of each lane with something due only as many as may still go out. An ordered endpoint has one out, the first of those that are open.
 * One-off endpoints of an organization have half of its places at most. Among the first of them that are due, each has one out before any
 * has two; those whose places are taken are passed over, so that one that hangs does not stand before the others.
 */
const CLAIM_DELIVERIES = prepared(
  'claim_webhook_deliveries',
  `WITH ${LANES}, due AS MATERIALIZED (
     SELECT lane, lane <> endpoint_id AS is_one_off FROM waiting WHERE soonest <= now()
   ), out AS (
     SELECT organization_id, lane, endpoint_id, count(*)::int AS n FROM webhook_deliveries WHERE status = 'delivering' GROUP BY 1, 2, 3
   ), taken AS (
     SELECT o.endpoint_id FROM out o JOIN webhook_endpoints e ON e.id = o.endpoint_id WHERE o.n >= e.max_concurrency
   ), candidate AS (
     SELECT c.id, e.organization_id, coalesce(out.n, 0) + row_number() OVER (PARTITION BY e.id ORDER BY c.place) AS lane_turn
       FROM due w
       JOIN webhook_endpoints e ON e.id = w.lane AND e.status = 'enabled' AND e.deleted_at IS NULL
       LEFT JOIN out ON out.endpoint_id = e.id
      CROSS JOIN LATERAL (
        (SELECT d.id, row_number() OVER () AS place
           FROM (SELECT id FROM webhook_deliveries
                  WHERE NOT e.ordered AND lane = e.id AND status = 'pending' AND next_attempt_at <= now()
                  ORDER BY next_attempt_at, sequence LIMIT greatest(0, e.max_concurrency - coalesce(out.n, 0))) AS d)
        UNION ALL
        (SELECT o.id, 1
           FROM (SELECT id, status, next_attempt_at FROM webhook_deliveries
                  WHERE e.ordered AND endpoint_id = e.id AND status IN ('pending', 'delivering')
                  ORDER BY sequence LIMIT 1) AS o
          WHERE o.status = 'pending' AND o.next_attempt_at <= now() AND out.n IS NULL)
      ) AS c
      WHERE NOT w.is_one_off
     UNION ALL
     SELECT c.id, w.lane, l.n + row_number() OVER (PARTITION BY w.lane ORDER BY c.endpoint_turn, c.next_attempt_at, c.id)
       FROM due w
      CROSS JOIN LATERAL (SELECT coalesce(sum(o.n), 0) AS n FROM out o WHERE o.lane = w.lane) AS l
      CROSS JOIN LATERAL (
        SELECT f.id, f.next_attempt_at, f.endpoint_turn
          FROM (SELECT s.id, s.next_attempt_at, s.max_concurrency,
                       coalesce(o.n, 0) + row_number() OVER (PARTITION BY s.endpoint_id ORDER BY s.next_attempt_at, s.sequence) AS endpoint_turn
                  FROM (SELECT d.id, d.endpoint_id, d.next_attempt_at, d.sequence, e.max_concurrency
                          FROM webhook_deliveries d
                         CROSS JOIN LATERAL (SELECT e.ordered, e.max_concurrency FROM webhook_endpoints e
                                              WHERE e.id = d.endpoint_id AND e.status = 'enabled' AND e.deleted_at IS NULL OFFSET 0) AS e
                         WHERE d.lane = w.lane AND d.status = 'pending' AND d.next_attempt_at <= now()
                           AND d.endpoint_id NOT IN (SELECT endpoint_id FROM taken)
                           AND (NOT e.ordered OR NOT EXISTS (
                                 SELECT 1 FROM webhook_deliveries b
                                  WHERE b.endpoint_id = d.endpoint_id AND b.status IN ('pending', 'delivering') AND b.sequence <> d.sequence
                                    AND (b.status = 'delivering' OR b.sequence < d.sequence)))
                         ORDER BY d.next_attempt_at, d.sequence LIMIT ${ONE_OFFS_LOOKED_AT}) AS s
                  LEFT JOIN out o ON o.endpoint_id = s.endpoint_id) AS f
         WHERE f.endpoint_turn <= f.max_concurrency
         ORDER BY f.endpoint_turn, f.next_attempt_at, f.id LIMIT greatest(0, greatest(1, $2 / 2) - l.n)
      ) AS c
      WHERE w.is_one_off
   ), turn AS (
     SELECT k.id, k.lane_turn,
            row_number() OVER (PARTITION BY k.organization_id ORDER BY k.lane_turn, k.id)
              + coalesce(o.n, 0) AS organization_turn
       FROM candidate k
       LEFT JOIN (SELECT organization_id, sum(n) AS n FROM out GROUP BY 1) AS o ON o.organization_id = k.organization_id
   ), chosen AS (
     SELECT id FROM turn WHERE organization_turn <= $2 ORDER BY organization_turn, lane_turn, id
      LIMIT greatest(0, $1 - (SELECT coalesce(sum(n), 0) FROM out))
   ), locked AS MATERIALIZED (
     SELECT id FROM webhook_deliveries WHERE id = ANY(ARRAY(SELECT id FROM chosen)) AND status = 'pending'
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
   * Claims due deliveries, taking turns: each organization, and within it each lane, has one out before any has two. One claims at a
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

  /** What nobody has taken in time goes back on the list. Returns how many. */
  async reopenOverdue(limit: number): Promise<number> {
    return this.all.execute(
      `WITH overdue AS MATERIALIZED (
         SELECT id FROM webhook_deliveries WHERE status = 'delivering' AND lease_until < now() AND begun_at IS NULL
          ORDER BY lease_until LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
       )
       UPDATE webhook_deliveries d SET ${HAND_BACK} FROM overdue o WHERE d.id = o.id`,
      [limit],
    );
  }

  /** What somebody has begun and not ended in time: the attempt may have reached the receiver, who knows the event again by its id. */
  async listInterrupted(limit: number): Promise<BegunDelivery[]> {
    return this.all.query<BegunDelivery>(
      `SELECT ${BEGUN_DELIVERY} FROM webhook_deliveries
        WHERE status = 'delivering' AND lease_until < now() AND begun_at IS NOT NULL ORDER BY lease_until LIMIT $1`,
      [limit],
    );
  }

  /** For how long the delivery that is due longest has been due, in seconds; of enabled endpoints. 0 when none is. */
  async oldestDueSeconds(): Promise<number> {
    const [row] = await this.all.query<{ seconds: number }>(
      `WITH ${LANES}
       SELECT coalesce(extract(epoch FROM now() - min(d.next_attempt_at)), 0)::float8 AS seconds
         FROM waiting w
        CROSS JOIN LATERAL (SELECT o.next_attempt_at FROM webhook_deliveries o
                              JOIN webhook_endpoints e ON e.id = o.endpoint_id AND e.status = 'enabled' AND e.deleted_at IS NULL
                             WHERE o.lane = w.lane AND o.status = 'pending' AND o.next_attempt_at <= now()
                             ORDER BY o.next_attempt_at, o.sequence LIMIT 1) AS d
        WHERE w.soonest <= now() AND (w.lane <> w.endpoint_id OR EXISTS (
                SELECT 1 FROM webhook_endpoints e WHERE e.id = w.lane AND e.status = 'enabled' AND e.deleted_at IS NULL))`,
    );
    return row?.seconds ?? 0;
  }

  /** Of events that are no longer kept, whatever became of them. Their attempts go with them. How many. */
  async purge(on: Queryable, olderThanDays: number, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries
          WHERE created_at < now() - $1 * interval '1 day' AND status <> 'delivering' ORDER BY created_at LIMIT $2)`,
      [olderThanDays, limit],
    );
  }
}
