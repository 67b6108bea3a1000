import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { PageQuery, QuerySchema } from '../../../platform/http/index.js';
import { type Notification, NOTIFICATION_STATUSES, type NotificationStatus } from '../domain/notification.js';
import { SEVERITIES, type Severity } from '../domain/severity.js';

@QuerySchema()
export class NotificationsQuery extends PageQuery {
  /** Only notifications in this state. */
  @ApiProperty({ enum: NOTIFICATION_STATUSES, required: false })
  @IsOptional()
  @IsIn(NOTIFICATION_STATUSES)
  status?: NotificationStatus;

  /** Only notifications of this channel. */
  @ApiProperty({ type: String, format: 'uuid', required: false })
  @IsOptional()
  @IsUUID()
  channel_id?: string;
}

export class NotificationDto {
  /**
   * Also the beginning of the `Message-ID` of the mail.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6f
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d */
  @ApiProperty({ format: 'uuid' })
  channel_id: string;

  /**
   * The rule that made it; null: somebody tried the channel out, and then there is no event.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  rule_id: string | null;

  /**
   * The first event it is about.
   * @example evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42
   */
  @ApiProperty({ type: String, nullable: true })
  event_id: string | null;

  /** @example bulk_request.partially_completed */
  @ApiProperty({ type: String, nullable: true })
  event_type: string | null;

  /**
   * Of that event.
   * @example 42
   */
  @ApiProperty({ type: 'integer', nullable: true })
  sequence: number | null;

  /**
   * How many events it tells of.
   * @example 1
   */
  @ApiProperty({ type: 'integer' })
  event_count: number;

  /** @example warning */
  @ApiProperty({ enum: SEVERITIES })
  severity: Severity;

  /**
   * `pending` waits for its time, `sending` is with a worker; `sent` and `failed` are over.
   * @example sent
   */
  @ApiProperty({ enum: NOTIFICATION_STATUSES })
  status: NotificationStatus;

  /**
   * Since it was last asked for.
   * @example 1
   */
  @ApiProperty({ type: 'integer' })
  attempts: number;

  /**
   * When it is tried for the first time, or again. Null unless it is `pending`.
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  next_attempt_at: string | null;

  /**
   * Why the last attempt failed (docs/notifications.md); of one that is `sent`: what was wrong nevertheless.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  last_failure: string | null;

  /**
   * How often somebody had it sent again.
   * @example 0
   */
  @ApiProperty({ type: 'integer' })
  resends: number;

  /** @example "Bulk request 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60 partially completed" */
  subject: string;

  /** @example "It has ended: some lines were paid, others were not. Look at those that failed." */
  text: string;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-11-21T09:30:01.000Z" */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  sent_at: string | null;
}

export const notificationPath = (id: string): string => `/api/v1/notifications/${id}`;

export function notificationDto(notification: Notification): NotificationDto {
  const { id, sequence, severity, status, attempts, resends, subject } = notification;
  return {
    id,
    channel_id: notification.channelId,
    rule_id: notification.ruleId,
    event_id: notification.eventId,
    event_type: notification.eventType,
    sequence,
    event_count: notification.eventCount,
    severity,
    status,
    attempts,
    next_attempt_at: status === 'pending' ? notification.nextAttemptAt.toISOString() : null,
    last_failure: notification.lastFailure,
    resends,
    subject,
    text: notification.body,
    created_at: notification.createdAt.toISOString(),
    sent_at: notification.sentAt?.toISOString() ?? null,
  };
}
