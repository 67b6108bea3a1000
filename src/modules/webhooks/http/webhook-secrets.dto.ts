import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { OptionalBody } from '../../../platform/http/index.js';
import type { SecretTimes } from '../domain/webhook-secret.js';

/** 30 days. */
const MAX_OVERLAP_SECONDS = 2_592_000;
/** A day. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

@OptionalBody()
export class RotateWebhookSecretDto {
  /**
   * For how long the old secret signs beside the new one: every message then has two signatures.
   * @example 86400
   */
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    maximum: MAX_OVERLAP_SECONDS,
    default: DEFAULT_OVERLAP_SECONDS,
    required: false,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlap_seconds?: number;
}

export class WebhookSecretDto {
  /**
   * The new secret. Shown this once: null when the answer is a replay.
   * @example whsec_RXhhbXBsZWV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW0=
   */
  @ApiProperty({ type: String, nullable: true })
  secret: string | null;
}

export class DefaultSecretDto {
  /**
   * When it was made; null: no callback URL was used yet, and nobody has asked for one.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  created_at: string | null;

  /**
   * Until when the one before it signs, too; null: it does not.
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  previous_expires_at: string | null;
}

export const ROTATE_EXAMPLES = {
  with_an_overlap: { summary: 'Both secrets sign for an hour', value: { overlap_seconds: 3_600 } },
  at_once: { summary: 'The old one signs nothing any more', value: { overlap_seconds: 0 } },
};

export const defaultSecretDto = ([current, previous]: readonly SecretTimes[]): DefaultSecretDto => ({
  created_at: current?.createdAt.toISOString() ?? null,
  previous_expires_at: previous?.expiresAt?.toISOString() ?? null,
});
