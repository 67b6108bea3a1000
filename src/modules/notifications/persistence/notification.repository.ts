import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { ChannelKind } from '../domain/channel.js';
import type { Notification, NotificationStatus } from '../domain/notification.js';
import type { Severity } from '../domain/severity.js';

/** SQL: a {@link Notification}. */
export const NOTIFICATION = `n.id, n.organization_id AS "organizationId", n.channel_id AS "channelId", n.channel_kind AS "channelKind", n.rule_id AS "ruleId",
  n.event_id AS "eventId", n.event_type AS "eventType", n.sequence::float8 AS sequence, n.event_count AS "eventCount", n.severity,
  n.status, n.attempts, n.next_attempt_at AS "nextAttemptAt", n.last_failure AS "lastFailure", n.partly_taken AS "partlyTaken",
  n.resends, n.subject, n.body,
  n.created_at AS "createdAt", n.sent_at AS "sentAt"`;

export interface NotificationFilter {
  readonly status?: NotificationStatus | undefined;
  readonly channelId?: string | undefined;
}

export interface TestNotification {
  readonly id: string;
  readonly organizationId: string;
  readonly channelId: string;
  readonly channelKind: ChannelKind;
  readonly severity: Severity;
  readonly subject: string;
  readonly body: string;
}

/** What somebody reads and asks for. What the worker does is in {@link OutgoingRepository} and {@link GatheringRepository}. */
@Injectable()
export class NotificationRepository {
  async find(on: Queryable, organizationId: string, id: string): Promise<Notification | null> {
    return this.findBy(on, organizationId, id, '');
  }

  async lock(tx: Tx, organizationId: string, id: string): Promise<Notification | null> {
    return this.findBy(tx, organizationId, id, 'FOR NO KEY UPDATE');
  }

  async list(
    on: Queryable,
    organizationId: string,
    { status, channelId }: NotificationFilter,
    { limit, beforeId }: { limit: number; beforeId: string | null },
  ): Promise<Notification[]> {
    return on.query<Notification>(
      `SELECT ${NOTIFICATION} FROM notifications n
        WHERE n.organization_id = $1 AND ($3::uuid IS NULL OR n.id < $3)
          AND ($4::text IS NULL OR n.status = $4) AND ($5::uuid IS NULL OR n.channel_id = $5)
        ORDER BY n.id DESC LIMIT $2`,
      [organizationId, limit, beforeId, status ?? null, channelId ?? null],
    );
  }

  async insertTest(tx: Tx, test: TestNotification): Promise<Notification> {
    const { id, organizationId, channelId, channelKind, severity, subject, body } = test;
    const [row] = await tx.query<Notification>(
      `INSERT INTO notifications AS n (id, organization_id, channel_id, channel_kind, event_count, severity, status, next_attempt_at,
                                       subject, body)
       VALUES ($1, $2, $3, $4, 1, $5, 'pending', now(), $6, $7) RETURNING ${NOTIFICATION}`,
      [id, organizationId, channelId, channelKind, severity, subject, body],
    );
    return row as Notification;
  }

  /** For how many seconds the last test of the channel has been there; null when it was never tried out. */
  async secondsSinceTest(tx: Tx, channelId: string): Promise<number | null> {
    const [row] = await tx.query<{ seconds: number }>(
      `SELECT extract(epoch FROM now() - created_at)::float8 AS seconds FROM notifications
        WHERE channel_id = $1 AND rule_id IS NULL ORDER BY id DESC LIMIT 1`,
      [channelId],
    );
    return row?.seconds ?? null;
  }

  /** From the beginning of the schedule, and as a message of its own. */
  async resend(tx: Tx, id: string): Promise<Notification> {
    const [row] = await tx.query<Notification>(
      `UPDATE notifications n SET status = 'pending', attempts = 0, next_attempt_at = now(), sent_at = NULL, resends = resends + 1
        WHERE id = $1 AND status IN ('sent', 'failed') RETURNING ${NOTIFICATION}`,
      [id],
    );
    return row as Notification;
  }

  /** What was never tried is not sent any more. What a worker has in its hands ends with that attempt. */
  async failWaiting(tx: Tx, organizationId: string, channelId: string, failure: string): Promise<number> {
    return tx.execute(
      `UPDATE notifications SET status = 'failed', last_failure = $3, partly_taken = NULL
        WHERE organization_id = $1 AND channel_id = $2 AND status = 'pending'`,
      [organizationId, channelId, failure],
    );
  }

  /** The oldest first, of those that are over. How many were deleted. */
  async purge(on: Queryable, olderThanDays: number, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM notifications WHERE id IN (
         SELECT id FROM notifications
          WHERE created_at < now() - $1 * interval '1 day' AND status IN ('sent', 'failed')
          ORDER BY created_at LIMIT $2)`,
      [olderThanDays, limit],
    );
  }

  private async findBy(
    on: Queryable,
    organizationId: string,
    id: string,
    lock: 'FOR NO KEY UPDATE' | '',
  ): Promise<Notification | null> {
    const [row] = await on.query<Notification>(
      `SELECT ${NOTIFICATION} FROM notifications n WHERE n.organization_id = $1 AND n.id = $2 ${lock}`,
      [organizationId, id],
    );
    return row ?? null;
  }
}
