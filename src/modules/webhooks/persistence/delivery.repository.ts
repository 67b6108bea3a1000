import { Injectable } from '@nestjs/common';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type {
  DeliveryFailure,
  DeliveryFilter,
  DeliveryStatus,
  ResendRange,
  Resent,
  WebhookAttempt,
  WebhookDelivery,
} from '../domain/webhook-delivery.js';

const DELIVERY = `id, organization_id AS "organizationId", endpoint_id AS "endpointId", event_id AS "eventId",
  event_type AS "eventType", sequence::float8 AS sequence, status, attempts, attempts_in_round AS "attemptsInRound",
  next_attempt_at AS "nextAttemptAt", last_status_code AS "lastStatusCode", last_failure AS "lastFailure",
  created_at AS "createdAt", finished_at AS "finishedAt"`;

/** The columns of a {@link BegunDelivery}. */
export const BEGUN_DELIVERY = `${DELIVERY}, claim, begun_at AS "begunAt", manual`;

/** One event for one endpoint. */
export interface NewDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly sequence: number;
}

/** A delivery whose attempt has begun. */
export interface BegunDelivery extends WebhookDelivery {
  readonly claim: number;
  readonly begunAt: Date;
  readonly manual: boolean;
}

/** What an attempt, or the end of a delivery without one, leaves behind. */
export interface DeliveryResult {
  readonly statusCode: number | null;
  readonly failure: DeliveryFailure | null;
  readonly durationMs: number;
}

const INSERT_DELIVERIES = prepared(
  'insert_webhook_deliveries',
  `INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, lane, event_id, event_type, sequence)
   SELECT n.id, $1, n.endpoint_id, CASE WHEN e.bulk_id IS NULL THEN e.id ELSE e.organization_id END, n.event_id, n.event_type, n.sequence
     FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[]) AS n (id, endpoint_id, event_id, event_type, sequence)
     JOIN webhook_endpoints e ON e.id = n.endpoint_id
   ON CONFLICT (endpoint_id, sequence) DO NOTHING`,
);

const BEGIN_DELIVERY = prepared(
  'begin_webhook_delivery',
  `UPDATE webhook_deliveries
      SET begun_at = now(), attempts = attempts + 1, lease_until = now() + $3 * interval '1 ms'
    WHERE id = $1 AND status = 'delivering' AND claim = $2 AND begun_at IS NULL AND lease_until > now()
    RETURNING ${BEGUN_DELIVERY}`,
);

// Fenced by the claim: what comes after its lease ran out changes nothing.
const END_DELIVERY = prepared(
  'end_webhook_delivery',
  `WITH ended AS (
     UPDATE webhook_deliveries
        SET status = $3, attempts_in_round = attempts_in_round + 1, last_status_code = $4, last_failure = $5,
            next_attempt_at = now() + $6 * interval '1 ms', lease_until = NULL, begun_at = NULL, manual = false,
            finished_at = CASE WHEN $3 = 'pending' THEN NULL ELSE now() END
      WHERE id = $1 AND status = 'delivering' AND claim = $2 AND begun_at IS NOT NULL
      RETURNING id, organization_id, attempts
   )
   INSERT INTO webhook_attempts (delivery_id, organization_id, attempt, started_at, duration_ms, status_code, failure, manual)
   SELECT id, organization_id, attempts, $7, $8, $4, $5, $9 FROM ended`,
);

const RESENT = `status = 'pending', attempts_in_round = 0, next_attempt_at = now(), manual = true, finished_at = NULL`;

/** Deliveries of one organization; the work list over all of them is {@link ClaimRepository}. */
@Injectable()
export class DeliveryRepository {
  /** Those that are there already stay as they are. How many are new. */
  async insert(tx: Tx, organizationId: string, deliveries: readonly NewDelivery[]): Promise<number> {
    return tx.execute(INSERT_DELIVERIES, [
      organizationId,
      deliveries.map(({ id }) => id),
      deliveries.map(({ endpointId }) => endpointId),
      deliveries.map(({ eventId }) => eventId),
      deliveries.map(({ eventType }) => eventType),
      deliveries.map(({ sequence }) => sequence),
    ]);
  }

  /** Null when the job is of an earlier claim, or somebody else has begun. */
  async begin(tx: Tx, id: string, claim: number, leaseMs: number): Promise<BegunDelivery | null> {
    const [delivery] = await tx.query<BegunDelivery>(BEGIN_DELIVERY, [id, claim, leaseMs]);
    return delivery ?? null;
  }

  /** Writes down what came of an attempt. False when it is no longer the current one. @param delayMs until the next, if any */
  async end(
    tx: Tx,
    delivery: BegunDelivery,
    {
      status,
      delayMs,
      result,
    }: { status: Exclude<DeliveryStatus, 'delivering'>; delayMs: number; result: DeliveryResult },
  ): Promise<boolean> {
    const { statusCode, failure, durationMs } = result;
    const { id, claim, begunAt, manual } = delivery;
    const ended = await tx.execute(END_DELIVERY, [
      ...[id, claim, status, statusCode, failure, delayMs],
      ...[begunAt, Math.round(durationMs), manual],
    ]);
    return ended === 1;
  }

  async find(on: Queryable, organizationId: string, id: string): Promise<WebhookDelivery | null> {
    const [delivery] = await on.query<WebhookDelivery>(
      `SELECT ${DELIVERY} FROM webhook_deliveries WHERE organization_id = $1 AND id = $2`,
      [organizationId, id],
    );
    return delivery ?? null;
  }

  async listAttempts(on: Queryable, deliveryId: string): Promise<WebhookAttempt[]> {
    return on.query<WebhookAttempt>(
      `SELECT attempt, started_at AS "startedAt", duration_ms AS "durationMs", status_code AS "statusCode", failure, manual
         FROM webhook_attempts WHERE delivery_id = $1 ORDER BY attempt`,
      [deliveryId],
    );
  }

  /** Newest first, from before `beforeId` on. What failed is said in so many words: it has an index of its own. */
  async list(
    on: Queryable,
    { organizationId, endpointId, status, eventType }: DeliveryFilter,
    limit: number,
    beforeId: string | null,
  ): Promise<WebhookDelivery[]> {
    return on.query<WebhookDelivery>(
      `SELECT ${DELIVERY} FROM webhook_deliveries
        WHERE organization_id = $1 ${endpointId === null ? 'AND $2::uuid IS NULL' : 'AND endpoint_id = $2'}
          AND ($3::text IS NULL OR status = $3) ${status === 'failed' ? `AND status = 'failed'` : ''} AND ($4::text IS NULL OR event_type = $4)
          AND ($6::uuid IS NULL OR id < $6) ORDER BY id DESC LIMIT $5`,
      [organizationId, endpointId, status, eventType, limit, beforeId],
    );
  }

  /** Due now, at the beginning of the schedule. Null while it is being sent. */
  async resend(tx: Tx, organizationId: string, id: string): Promise<WebhookDelivery | null> {
    const [delivery] = await tx.query<WebhookDelivery>(
      `UPDATE webhook_deliveries SET ${RESENT} WHERE organization_id = $1 AND id = $2 AND status <> 'delivering'
       RETURNING ${DELIVERY}`,
      [organizationId, id],
    );
    return delivery ?? null;
  }

  /** The same for the first `limit` of a range. */
  async resendRange(tx: Tx, organizationId: string, range: ResendRange, limit: number): Promise<Resent> {
    const [resent] = await tx.query<Resent>(
      `WITH next AS MATERIALIZED (
         SELECT id, sequence FROM webhook_deliveries
          WHERE organization_id = $1 AND endpoint_id = $2 AND status = ANY($3::text[]) AND status <> 'delivering'
            AND ($4::bigint IS NULL OR sequence >= $4) AND ($5::bigint IS NULL OR sequence <= $5)
            AND ($6::timestamptz IS NULL OR created_at >= $6) AND ($7::timestamptz IS NULL OR created_at < $7)
          ORDER BY sequence LIMIT $8 + 1 FOR NO KEY UPDATE
       ), numbered AS (
         SELECT id, sequence, row_number() OVER (ORDER BY sequence) AS place FROM next
       ), resent AS (
         UPDATE webhook_deliveries d SET ${RESENT} FROM numbered n WHERE d.id = n.id AND n.place <= $8 RETURNING d.id
       )
       SELECT (SELECT count(*) FROM resent)::int AS count,
              (SELECT sequence FROM numbered WHERE place > $8)::float8 AS "nextSequence"`,
      [
        ...[organizationId, range.endpointId, range.statuses],
        ...[range.fromSequence, range.toSequence, range.from, range.to, limit],
      ],
    );
    return resent as Resent;
  }

  /** Of an endpoint that was deleted. What is under way ends by itself. How many. */
  async cancelPending(tx: Tx, endpointId: string): Promise<number> {
    return tx.execute(
      `UPDATE webhook_deliveries SET status = 'failed', last_failure = 'endpoint_deleted', finished_at = now()
        WHERE endpoint_id = $1 AND status = 'pending'`,
      [endpointId],
    );
  }
}
