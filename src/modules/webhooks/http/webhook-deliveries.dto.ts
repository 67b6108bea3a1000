import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsISO8601, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { PageQuery, QuerySchema } from '../../../platform/http/index.js';
import { EVENT_TYPES } from '../../events/index.js';
import { isAboutDeliveries } from '../domain/fan-out.js';
import {
  DELIVERY_STATUSES,
  type DeliveryStatus,
  type ResendRange,
  type Resent,
  type WebhookAttempt,
  type WebhookDelivery,
} from '../domain/webhook-delivery.js';

const TYPES = Object.keys(EVENT_TYPES).filter((type) => !isAboutDeliveries(type));

const RESENDABLE = ['failed', 'succeeded', 'pending', 'any'] as const;

@QuerySchema()
export class WebhookDeliveriesQuery extends PageQuery {
  /** Only deliveries to this endpoint. */
  @IsOptional()
  @IsUUID()
  endpoint_id?: string;

  /** Only deliveries in this state. */
  @ApiProperty({ enum: DELIVERY_STATUSES, required: false })
  @IsOptional()
  @IsIn(DELIVERY_STATUSES)
  status?: DeliveryStatus;

  /** Only deliveries of events of this type. */
  @ApiProperty({ enum: TYPES, required: false })
  @IsOptional()
  @IsIn(TYPES)
  event_type?: string;
}

export class ResendDeliveriesDto {
  /**
   * The endpoint whose deliveries are sent again.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  endpoint_id: string;

  /**
   * Only events from this number on.
   * @example 1200
   */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  from_sequence?: number;

  /**
   * Only events up to this number.
   * @example 1300
   */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  to_sequence?: number;

  /**
   * Only deliveries that were made at or after this instant (ISO 8601).
   * @example "2026-11-21T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time', required: false })
  @IsOptional()
  @IsISO8601()
  from?: string;

  /**
   * Only deliveries that were made before this instant (ISO 8601).
   * @example "2026-11-22T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time', required: false })
  @IsOptional()
  @IsISO8601()
  to?: string;

  /**
   * Only deliveries in this state. `succeeded` tells the receiver again what it has acknowledged; `pending` does not wait any longer.
   * @example failed
   */
  @ApiProperty({ enum: RESENDABLE, default: 'failed', required: false })
  @IsOptional()
  @IsIn(RESENDABLE)
  status?: (typeof RESENDABLE)[number];
}

export class ResentDeliveriesDto {
  /**
   * How many deliveries are due now. Each starts at the beginning of its schedule.
   * @example 101
   */
  @ApiProperty({ type: 'integer' })
  resent: number;

  /** Whether there is more in the range than one request sends again. */
  has_more: boolean;

  /**
   * Give it as `from_sequence` for what comes next; null when there is nothing.
   * @example null
   */
  @ApiProperty({ type: 'integer', nullable: true })
  next_sequence: number | null;
}

export const resentDeliveriesDto = ({ count, nextSequence }: Resent): ResentDeliveriesDto => ({
  resent: count,
  has_more: nextSequence !== null,
  next_sequence: nextSequence,
});

export class WebhookDeliveryDto {
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60 */
  @ApiProperty({ format: 'uuid' })
  webhook_endpoint_id: string;

  /**
   * The `webhook-id` of every attempt.
   * @example evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42
   */
  event_id: string;

  /** @example bulk_request.completed */
  @ApiProperty({ enum: TYPES })
  event_type: string;

  /**
   * Of the event.
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  sequence: number;

  /**
   * `pending`: it is, or will be, due at `next_attempt_at`. `delivering`: it is being sent. `failed`: given up; it can be sent again.
   * @example succeeded
   */
  @ApiProperty({ enum: DELIVERY_STATUSES })
  status: DeliveryStatus;

  /** @example 1 */
  @ApiProperty({ type: 'integer' })
  attempts_made: number;

  /**
   * Null when it has ended.
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  next_attempt_at: string | null;

  /**
   * What the receiver answered last; null when it did not.
   * @example 204
   */
  @ApiProperty({ type: 'integer', nullable: true })
  last_status_code: number | null;

  /**
   * Why there was no answer the last time, such as `timed_out`; null when there was one.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  last_failure: string | null;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-11-21T09:30:00.120Z" */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finished_at: string | null;
}

export class WebhookAttemptDto {
  /** @example 1 */
  @ApiProperty({ type: 'integer' })
  number: number;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  started_at: string;

  /** @example 87 */
  @ApiProperty({ type: 'integer' })
  duration_ms: number;

  /** @example 204 */
  @ApiProperty({ type: 'integer', nullable: true })
  status_code: number | null;

  /** @example null */
  @ApiProperty({ type: String, nullable: true })
  failure: string | null;

  /** Whether somebody asked for it. */
  manual: boolean;
}

export class WebhookDeliveryDetailDto extends WebhookDeliveryDto {
  /** In order. */
  @ApiProperty({ type: [WebhookAttemptDto] })
  attempts: WebhookAttemptDto[];
}

export const RESEND_EXAMPLES = {
  failed: {
    summary: 'Everything that was given up',
    value: { endpoint_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' },
  },
  range: {
    summary: 'All of a range, also what the receiver has acknowledged',
    value: {
      endpoint_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d',
      from_sequence: 1_200,
      to_sequence: 1_300,
      status: 'any',
    },
  },
};

export const rangeOf = (body: ResendDeliveriesDto): ResendRange => ({
  endpointId: body.endpoint_id.toLowerCase(),
  fromSequence: body.from_sequence ?? null,
  toSequence: body.to_sequence ?? null,
  from: body.from === undefined ? null : new Date(body.from),
  to: body.to === undefined ? null : new Date(body.to),
  statuses: body.status === 'any' ? ['failed', 'succeeded', 'pending'] : [body.status ?? 'failed'],
});

export function webhookDeliveryDto(delivery: WebhookDelivery): WebhookDeliveryDto {
  const hasEnded = delivery.finishedAt !== null;
  return {
    id: delivery.id,
    webhook_endpoint_id: delivery.endpointId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    sequence: delivery.sequence,
    status: delivery.status,
    attempts_made: delivery.attempts,
    next_attempt_at: hasEnded ? null : delivery.nextAttemptAt.toISOString(),
    last_status_code: delivery.lastStatusCode,
    last_failure: delivery.lastFailure,
    created_at: delivery.createdAt.toISOString(),
    finished_at: delivery.finishedAt?.toISOString() ?? null,
  };
}

export const webhookAttemptDto = (attempt: WebhookAttempt): WebhookAttemptDto => ({
  number: attempt.attempt,
  started_at: attempt.startedAt.toISOString(),
  duration_ms: attempt.durationMs,
  status_code: attempt.statusCode,
  failure: attempt.failure,
  manual: attempt.manual,
});
