import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { NAME_PATTERN } from '../../../domain/text.js';
import { OptionalBody } from '../../../platform/http/index.js';
import { type ApiKey, type ApiKeyStatus, apiKeyStatus } from '../domain/api-key.js';
import { type Scope, SCOPES } from '../domain/scopes.js';

const EXAMPLE_SCOPES: Scope[] = ['accounts:read', 'bulk-requests:read', 'bulk-requests:write', 'transfers:read'];
/** 30 days. */
const MAX_OVERLAP_SECONDS = 2_592_000;

export class CreateApiKeyDto {
  /**
   * What the key is for, so that somebody later dares to revoke it.
   * @example "payroll system"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  name: string;

  /** What the key may do. Scopes are literal: writing does not imply reading. */
  @ApiProperty({ enum: SCOPES, isArray: true, minItems: 1, maxItems: SCOPES.length, example: EXAMPLE_SCOPES })
  @IsIn(SCOPES, { each: true })
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  scopes: Scope[];

  /**
   * When it stops working; left out or null, it works until it is revoked.
   * @example "2099-12-31T23:59:59.000Z"
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, required: false })
  @IsOptional()
  @IsISO8601()
  expires_at?: string | null;

  /**
   * Each request with the key has to be signed with `signing_secret` (docs/authentication.md).
   * @example false
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  require_signature?: boolean;
}

@OptionalBody()
export class RotateApiKeyDto {
  /**
   * For how long the old key still works; left out: as long as the installation says, which is not at all unless it is configured.
   * @example 3600
   */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_OVERLAP_SECONDS, required: false })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlap_seconds?: number;

  /**
   * Each request with the key has to be signed with `signing_secret` (docs/authentication.md). Left out: as with the old key.
   * @example false
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  require_signature?: boolean;
}

export class ApiKeyDto {
  /**
   * What the calls about this key name it by; no part of the key itself.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * What the key is for.
   * @example "payroll system"
   */
  name: string;

  /**
   * How the key starts: enough to recognize it, of no use to anybody else.
   * @example trk_k3v9x2m8q1z7w5t4
   */
  prefix: string;

  /** What the key may do. */
  @ApiProperty({ enum: SCOPES, isArray: true, example: EXAMPLE_SCOPES })
  scopes: readonly Scope[];

  /**
   * Only an active key opens anything.
   * @example active
   */
  @ApiProperty({ enum: ['active', 'expired', 'revoked'] satisfies ApiKeyStatus[] })
  status: ApiKeyStatus;

  /**
   * When it was created.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it stops working; null: not by itself.
   * @example "2099-12-31T23:59:59.000Z"
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: string | null;

  /**
   * When it was revoked; null: it was not.
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at: string | null;

  /**
   * When it was last used, to the minute; null: never.
   * @example "2026-11-21T10:15:00.000Z"
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used_at: string | null;

  /**
   * Whether each of its requests has to be signed.
   * @example false
   */
  require_signature: boolean;

  /**
   * The first key of its line of rotations: keys with the same one are one actor.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  lineage_id: string;

  /**
   * The key it was rotated into; null: it was not. Until `expires_at` both work.
   * @example null
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  rotated_to: string | null;
}

export class IssuedApiKeyDto extends ApiKeyDto {
  /**
   * The whole key. Shown this once: null when the answer is a replay.
   * @example trk_k3v9x2m8q1z7w5t4_EXAMPLEexampleEXAMPLEexampleEXAMPLEexampleEXA
   */
  @ApiProperty({ type: String, nullable: true })
  secret: string | null;

  /**
   * What its requests are signed with. Shown this once: null when the answer is a replay, or the key signs nothing.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  signing_secret: string | null;
}

export function apiKeyDto(key: ApiKey): ApiKeyDto {
  return {
    id: key.id,
    name: key.name,
    prefix: `trk_${key.publicId}`,
    scopes: key.scopes,
    status: apiKeyStatus(key, new Date()),
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    require_signature: key.requiresSignature,
    lineage_id: key.lineageId,
    rotated_to: key.successorId,
  };
}

export interface ShownSecrets {
  readonly secret: string | null;
  readonly signingSecret: string | null;
}

export function issuedApiKeyDto(key: ApiKey, { secret, signingSecret }: ShownSecrets): IssuedApiKeyDto {
  return { ...apiKeyDto(key), secret, signing_secret: signingSecret };
}
