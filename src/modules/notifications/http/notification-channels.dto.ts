import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsBoolean, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { EMAIL_PATTERN, maskEmail } from '../../../domain/email.js';
import { NAME_PATTERN } from '../../../domain/text.js';
import { type Channel, CHANNEL_KINDS, type ChannelKind, MAX_RECIPIENTS } from '../domain/channel.js';

const RECIPIENTS = {
  type: 'array',
  items: { type: 'string', maxLength: 254, pattern: EMAIL_PATTERN },
  minItems: 1,
  maxItems: MAX_RECIPIENTS,
  required: false,
} as object;

export class CreateNotificationChannelDto {
  /**
   * `email` by the mail server of this installation, `slack` to an incoming webhook of Slack or of whatever takes the same.
   * @example email
   */
  @ApiProperty({ enum: CHANNEL_KINDS })
  @IsIn(CHANNEL_KINDS)
  kind: ChannelKind;

  /**
   * What the channel is for, in your words.
   * @example "treasury"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  name: string;

  /**
   * Of a channel of the kind `email`: who is mailed, all in one message.
   * @example ["treasury@acme.example"]
   */
  @ApiProperty(RECIPIENTS)
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_RECIPIENTS)
  @Matches(new RegExp(EMAIL_PATTERN, 'u'), { each: true })
  recipients?: string[];

  /**
   * Of a channel of the kind `slack`: the URL of the incoming webhook. A secret: it is never shown again.
   * @example null
   */
  @ApiProperty({ type: String, maxLength: 2048, required: false, nullable: true })
  @IsOptional()
  @IsString()
  @Length(1, 2048)
  url?: string | null;

  /**
   * Whether anything is sent to it. Left out: it is.
   * @example true
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

/** What is left out stays as it is. */
export class ChangeNotificationChannelDto {
  /** @example "treasury" */
  @ApiProperty({ pattern: NAME_PATTERN, required: false })
  @IsOptional()
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  name?: string;

  /**
   * All of them, in place of those that were.
   * @example ["treasury@acme.example", "cfo@acme.example"]
   */
  @ApiProperty(RECIPIENTS)
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_RECIPIENTS)
  @Matches(new RegExp(EMAIL_PATTERN, 'u'), { each: true })
  recipients?: string[];

  /**
   * Another incoming webhook.
   * @example null
   */
  @ApiProperty({ type: String, maxLength: 2048, required: false, nullable: true })
  @IsOptional()
  @IsString()
  @Length(1, 2048)
  url?: string | null;

  /**
   * What waits to be sent to a channel that is switched off fails when its time comes.
   * @example true
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

export class NotificationChannelDto {
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example email */
  @ApiProperty({ enum: CHANNEL_KINDS })
  kind: ChannelKind;

  /** @example "treasury" */
  name: string;

  /** @example true */
  enabled: boolean;

  /**
   * Null for other kinds than `email`. Masked unless the key has `notifications:write`.
   * @example ["t••••@acme.example"]
   */
  @ApiProperty({ type: [String], nullable: true })
  recipients: string[] | null;

  /**
   * The origin of the URL; null for other kinds than `slack`. The rest of it is a secret.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  url_origin: string | null;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

/** @param unmasked whether addresses are shown as they are */
export function notificationChannelDto(channel: Channel, unmasked: boolean): NotificationChannelDto {
  const { id, kind, name, enabled, settings } = channel;
  return {
    id,
    kind,
    name,
    enabled,
    recipients: settings.kind === 'email' ? settings.recipients.map((one) => (unmasked ? one : maskEmail(one))) : null,
    url_origin: settings.kind === 'slack' ? new URL(settings.url).origin : null,
    created_at: channel.createdAt.toISOString(),
    updated_at: channel.updatedAt.toISOString(),
  };
}

export const CREATE_CHANNEL_EXAMPLES = {
  slack: {
    summary: 'A Slack channel',
    value: { kind: 'slack', name: 'operations', url: 'https://hooks.slack.com/services/T000/B000/XXXX' },
  },
  email: { summary: 'A mailbox', value: { kind: 'email', name: 'treasury', recipients: ['treasury@acme.example'] } },
};

export const CHANGE_CHANNEL_EXAMPLES = {
  pause: { summary: 'Switch it off', value: { enabled: false } },
  recipients: { summary: 'Other readers', value: { recipients: ['treasury@acme.example', 'cfo@acme.example'] } },
};
