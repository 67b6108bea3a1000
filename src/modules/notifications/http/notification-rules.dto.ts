import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsBoolean, IsIn, IsOptional, IsUUID } from 'class-validator';
import { EVENT_FILTERS } from '../../events/index.js';
import type { NotificationRule } from '../domain/notification-rule.js';
import { SEVERITIES, type Severity } from '../domain/severity.js';

const MAX_TYPES = 50;
const EXAMPLE_TYPES = ['bulk_request.*', 'webhook_endpoint.disabled'];
const types = (required: boolean): object => ({
  type: 'array',
  items: { type: 'string', enum: [...EVENT_FILTERS] },
  minItems: 1,
  maxItems: MAX_TYPES,
  required,
  example: EXAMPLE_TYPES,
});

export class CreateNotificationRuleDto {
  /**
   * Who is told.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  channel_id: string;

  /** What of: types of events; `bulk_request.*` is all of a noun, `*` all there are. */
  @ApiProperty(types(true))
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_TYPES)
  @IsIn(EVENT_FILTERS, { each: true })
  types: string[];

  /**
   * Only events that matter at least as much. Left out: all of these types.
   * @example warning
   */
  @ApiProperty({ enum: SEVERITIES, required: false })
  @IsOptional()
  @IsIn(SEVERITIES)
  minimum_severity?: Severity;

  /**
   * Whether it holds. Left out: it does.
   * @example true
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

/** What is left out stays as it is. */
export class ChangeNotificationRuleDto {
  /** All of them, in place of those that were. */
  @ApiProperty(types(false))
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_TYPES)
  @IsIn(EVENT_FILTERS, { each: true })
  types?: string[];

  /** @example critical */
  @ApiProperty({ enum: SEVERITIES, required: false })
  @IsOptional()
  @IsIn(SEVERITIES)
  minimum_severity?: Severity;

  /** @example false */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

export class NotificationRuleDto {
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d */
  @ApiProperty({ format: 'uuid' })
  channel_id: string;

  @ApiProperty({ type: [String], example: EXAMPLE_TYPES })
  types: readonly string[];

  /** @example warning */
  @ApiProperty({ enum: SEVERITIES })
  minimum_severity: Severity;

  /** @example true */
  enabled: boolean;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export const notificationRuleDto = (rule: NotificationRule): NotificationRuleDto => ({
  id: rule.id,
  channel_id: rule.channelId,
  types: rule.types,
  minimum_severity: rule.minimumSeverity,
  enabled: rule.enabled,
  created_at: rule.createdAt.toISOString(),
  updated_at: rule.updatedAt.toISOString(),
});

const CHANNEL = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';

export const CREATE_RULE_EXAMPLES = {
  webhooks: {
    summary: 'Operators are told when webhooks do not arrive',
    value: { channel_id: CHANNEL, types: ['webhook_delivery.failed', 'webhook_endpoint.disabled'] },
  },
  payments: {
    summary: 'Treasury is told what needs attention',
    value: { channel_id: CHANNEL, types: ['bulk_request.*', 'transfer.*'], minimum_severity: 'warning' },
  },
};

export const CHANGE_RULE_EXAMPLES = { pause: { summary: 'Switch it off', value: { enabled: false } } };
