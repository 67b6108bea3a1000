import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { Listener } from '../domain/fan-out.js';
import type {
  DisabledReason,
  EndpointChoices,
  EndpointStatus,
  ToldPeriod,
  WebhookEndpoint,
} from '../domain/webhook-endpoint.js';

const PERIOD = `start_sequence::float8 AS "startSequence", stop_sequence::float8 AS "stopSequence",
  resume_sequence::float8 AS "resumeSequence"`;

const ENDPOINT = `id, organization_id AS "organizationId", url, description, types, line_events AS "lineEvents", ordered,
  max_concurrency AS "maxConcurrency", status, disabled_reason AS "disabledReason", bulk_id AS "bulkId",
  ${PERIOD}, failing_since AS "failingSince", created_at AS "createdAt", updated_at AS "updatedAt",
  deleted_at AS "deletedAt"`;

const LISTENER = `id, bulk_id AS "bulkId", line_events AS "lineEvents", types, ${PERIOD}`;

/** SQL: it is, or was when something after the event $2 happened. */
const IS_TOLD = `deleted_at IS NULL AND (status = 'enabled' OR stop_sequence > $2)`;

export type NewEndpoint = EndpointChoices & Pick<WebhookEndpoint, 'id' | 'organizationId' | 'bulkId' | 'startSequence'>;

/** Choices, whether it is enabled, and of what it is told. */
export type EndpointChange = EndpointChoices & ToldPeriod & { readonly status: EndpointStatus };

@Injectable()
export class EndpointRepository {
  async insert(tx: Tx, endpoint: NewEndpoint): Promise<WebhookEndpoint> {
    const { id, organizationId, url, description, types, lineEvents, ordered, maxConcurrency } = endpoint;
    const [inserted] = await tx.query<WebhookEndpoint>(
      `INSERT INTO webhook_endpoints (id, organization_id, url, description, types, line_events, ordered, max_concurrency,
                                      bulk_id, start_sequence)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${ENDPOINT}`,
      [
        ...[id, organizationId, url, description, types, lineEvents, ordered, maxConcurrency],
        ...[endpoint.bulkId, endpoint.startSequence],
      ],
    );
    return inserted as WebhookEndpoint;
  }

  /** Of two that are made at the same time, the second waits here, so that it counts the first. */
  async lockCount(tx: Tx, organizationId: string): Promise<number> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('webhook_endpoints'), hashtext($1))`, [organizationId]);
    const [row] = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM webhook_endpoints
        WHERE organization_id = $1 AND bulk_id IS NULL AND deleted_at IS NULL`,
      [organizationId],
    );
    return row?.count ?? 0;
  }

  /** Deleted ones are not found. */
  async find(on: Queryable, organizationId: string, id: string): Promise<WebhookEndpoint | null> {
    const [endpoint] = await on.query<WebhookEndpoint>(
      `SELECT ${ENDPOINT} FROM webhook_endpoints WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL`,
      [organizationId, id],
    );
    return endpoint ?? null;
  }

  /** The same, locked: before its deliveries. */
  async lock(tx: Tx, organizationId: string, id: string): Promise<WebhookEndpoint | null> {
    const [endpoint] = await tx.query<WebhookEndpoint>(
      `SELECT ${ENDPOINT} FROM webhook_endpoints WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
         FOR NO KEY UPDATE`,
      [organizationId, id],
    );
    return endpoint ?? null;
  }

  /** As it is, also when it was deleted. */
  async lockForRecord(tx: Tx, id: string): Promise<WebhookEndpoint | null> {
    const [endpoint] = await tx.query<WebhookEndpoint>(
      `SELECT ${ENDPOINT} FROM webhook_endpoints WHERE id = $1 FOR NO KEY UPDATE`,
      [id],
    );
    return endpoint ?? null;
  }

  /** Newest first, from before `beforeId` on; without one-off endpoints, or only the one of a bulk request. */
  async list(
    on: Queryable,
    { organizationId, bulkId }: { organizationId: string; bulkId: string | null },
    limit: number,
    beforeId: string | null,
  ): Promise<WebhookEndpoint[]> {
    return on.query<WebhookEndpoint>(
      `SELECT ${ENDPOINT} FROM webhook_endpoints
        WHERE organization_id = $1 AND deleted_at IS NULL
          AND ${bulkId === null ? 'bulk_id IS NULL AND $2::uuid IS NULL' : 'bulk_id = $2'}
          AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $3`,
      [organizationId, bulkId, limit, beforeId],
    );
  }

  /** Enabling it again gives it as many days as a new one. */
  async update(tx: Tx, id: string, change: EndpointChange): Promise<WebhookEndpoint> {
    const { url, description, types, lineEvents, ordered, maxConcurrency, status } = change;
    const [updated] = await tx.query<WebhookEndpoint>(
      `UPDATE webhook_endpoints
          SET url = $2, description = $3, types = $4, line_events = $5, ordered = $6, max_concurrency = $7, status = $8,
              disabled_reason = CASE WHEN $8 = 'disabled' THEN coalesce(disabled_reason, 'asked') END,
              failing_since = CASE WHEN status = 'disabled' AND $8 = 'enabled' THEN NULL ELSE failing_since END,
              start_sequence = $9, stop_sequence = $10, resume_sequence = $11, updated_at = now()
        WHERE id = $1 RETURNING ${ENDPOINT}`,
      [
        ...[id, url, description, types, lineEvents, ordered, maxConcurrency, status],
        ...[change.startSequence, change.stopSequence, change.resumeSequence],
      ],
    );
    return updated as WebhookEndpoint;
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute(`UPDATE webhook_endpoints SET deleted_at = now(), updated_at = now() WHERE id = $1`, [id]);
  }

  async disable(tx: Tx, id: string, reason: DisabledReason, period: ToldPeriod): Promise<void> {
    await tx.execute(
      `UPDATE webhook_endpoints
          SET status = 'disabled', disabled_reason = $2, start_sequence = $3, stop_sequence = $4, resume_sequence = $5,
              updated_at = now()
        WHERE id = $1`,
      [id, reason, period.startSequence, period.stopSequence, period.resumeSequence],
    );
  }

  /**
   * Whether every delivery has failed for so many days, this one included. Where nothing was tried for longer than a delivery that fails
   * ever rests, it starts anew: nobody knows how the receiver was meanwhile.
   */
  async noteFailure(tx: Tx, id: string, days: number, longestRestMs: number): Promise<boolean> {
    const [row] = await tx.query<{ isFailing: boolean }>(
      `UPDATE webhook_endpoints
          SET failing_since = CASE WHEN last_failed_at >= now() - $3 * interval '1 ms' THEN coalesce(failing_since, now()) ELSE now() END,
              last_failed_at = now()
        WHERE id = $1 RETURNING failing_since <= now() - $2 * interval '1 day' AS "isFailing"`,
      [id, days, longestRestMs],
    );
    return row?.isFailing ?? false;
  }

  async noteSuccess(tx: Tx, id: string): Promise<void> {
    await tx.execute(`UPDATE webhook_endpoints SET failing_since = NULL, last_failed_at = NULL WHERE id = $1`, [id]);
  }

  /** For how many seconds its last test has been there, before it is noted that there is another; null when it was never tested. */
  async noteTest(tx: Tx, id: string): Promise<number | null> {
    const [row] = await tx.query<{ seconds: number | null }>(
      `UPDATE webhook_endpoints e SET tested_at = now() FROM webhook_endpoints before
        WHERE e.id = $1 AND before.id = e.id RETURNING extract(epoch FROM now() - before.tested_at)::float8 AS seconds`,
      [id],
    );
    return row?.seconds ?? null;
  }

  /** Where a delivery goes; null when that was deleted. */
  async findByDelivery(on: Queryable, deliveryId: string): Promise<WebhookEndpoint | null> {
    const [endpoint] = await on.query<WebhookEndpoint>(
      `SELECT ${ENDPOINT} FROM webhook_endpoints
        WHERE id = (SELECT endpoint_id FROM webhook_deliveries WHERE id = $1) AND deleted_at IS NULL`,
      [deliveryId],
    );
    return endpoint ?? null;
  }

  /** All that are told of more than one bulk request, of something after this event. */
  async listListeners(on: Queryable, organizationId: string, after: number): Promise<Listener[]> {
    return on.query<Listener>(
      `SELECT ${LISTENER} FROM webhook_endpoints WHERE organization_id = $1 AND bulk_id IS NULL AND ${IS_TOLD}`,
      [organizationId, after],
    );
  }

  async hasOneOff(on: Queryable, organizationId: string, after: number): Promise<boolean> {
    const rows = await on.query(
      `(SELECT 1 FROM webhook_endpoints
         WHERE organization_id = $1 AND bulk_id IS NOT NULL AND deleted_at IS NULL AND status = 'enabled' LIMIT 1)
       UNION ALL
       (SELECT 1 FROM webhook_endpoints
         WHERE organization_id = $1 AND bulk_id IS NOT NULL AND deleted_at IS NULL AND status = 'disabled' AND stop_sequence > $2
         LIMIT 1)`,
      [organizationId, after],
    );
    return rows.length > 0;
  }

  /** Those of these bulk requests that have one, and are told of something after this event. */
  async listOneOff(on: Queryable, subjectIds: readonly string[], after: number): Promise<Listener[]> {
    return on.query<Listener>(
      `SELECT ${LISTENER} FROM webhook_endpoints WHERE bulk_id = ANY($1::uuid[]) AND ${IS_TOLD}`,
      [subjectIds, after],
    );
  }

  /** For metrics. */
  async countDisabled(on: Queryable): Promise<number> {
    const [row] = await on.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM webhook_endpoints WHERE status = 'disabled' AND deleted_at IS NULL`,
    );
    return row?.count ?? 0;
  }

  /** One-off and deleted ones of which no delivery is kept any more. How many. */
  async purge(on: Queryable, olderThanDays: number, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM webhook_endpoints WHERE id IN (
         SELECT e.id FROM webhook_endpoints e
          WHERE (e.bulk_id IS NOT NULL OR e.deleted_at IS NOT NULL) AND e.created_at < now() - $1 * interval '1 day'
            AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id) LIMIT $2)`,
      [olderThanDays, limit],
    );
  }
}
