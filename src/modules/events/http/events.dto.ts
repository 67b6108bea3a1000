import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { QuerySchema } from '../../../platform/http/index.js';
import type { EventPage } from '../application/read-events.js';
import type { Event } from '../domain/event.js';
import { EVENT_FILTERS, EVENT_TYPES, type EventType } from '../domain/event-type.js';

const TYPES = Object.keys(EVENT_TYPES) as EventType[];

@QuerySchema()
export class EventsQuery {
  /**
   * Only events after the one with this `sequence`; 0, and left out, is from the first that is kept.
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0, required: false })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;

  /**
   * Only events of these types, separated by commas; `transfer.*` is all of a noun, `*` all there are, and so is leaving it out.
   */
  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...EVENT_FILTERS] },
    maxItems: 50,
    example: ['bulk_request.*', 'transfer.failed'],
    required: false,
    style: 'form',
    explode: false,
  } as object)
  @IsOptional()
  @ArrayMaxSize(50)
  @IsIn(EVENT_FILTERS, { each: true })
  types?: string[];

  /**
   * How many events at most.
   * @example 100
   */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 1000, default: 100, required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;
}

export class EventDto {
  /**
   * The same however often the event is told: also the `webhook-id` of its deliveries.
   * @example evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42
   */
  id: string;

  /** @example bulk_request.completed */
  @ApiProperty({ enum: TYPES })
  type: EventType;

  /**
   * 1, 2, 3 and so on within the organization, in the order in which things were committed, without a gap.
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  sequence: number;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  occurred_at: string;

  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60 */
  @ApiProperty({ format: 'uuid' })
  organization_id: string;

  /**
   * What there is to say about it; its members depend on the type. Ids, states, counts and amounts; no names, no account numbers.
   * @example { "bulk_request_id": "0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d", "previous_status": "processing", "status": "completed", "counts": { "settled": 10000, "failed": 0, "cancelled": 0, "returned": 0 } }
   */
  @ApiProperty({ type: 'object', additionalProperties: true })
  data: object;
}

export class EventPageDto {
  @ApiProperty({ type: [EventDto] })
  data: EventDto[];

  /**
   * Give it as `after` for what comes next, now or later: everything up to here was looked at.
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  last_sequence: number;

  /** Whether there is more already. */
  has_more: boolean;
}

export function eventDto(event: Event): EventDto {
  const { id, type, sequence, occurredAt, organizationId, data } = event;
  return { id, type, sequence, occurred_at: occurredAt.toISOString(), organization_id: organizationId, data };
}

export const eventPageDto = ({ events, lastSequence, hasMore }: EventPage): EventPageDto => ({
  data: events.map(eventDto),
  last_sequence: lastSequence,
  has_more: hasMore,
});
