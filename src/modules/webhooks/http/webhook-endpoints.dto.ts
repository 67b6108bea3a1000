import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { TEXT_PATTERN } from '../../../domain/text.js';
import { PageQuery, QuerySchema } from '../../../platform/http/index.js';
import { MAX_URL_LENGTH } from '../../../platform/outbound/index.js';
import { WEBHOOK_FILTERS } from '../application/webhook-filters.js';
import {
  DISABLED_REASONS,
  type DisabledReason,
  ENDPOINT_STATUSES,
  type EndpointChoices,
  type EndpointStatus,
  type WebhookEndpoint,
} from '../domain/webhook-endpoint.js';

const MAX_FILTERS = 50;
const MAX_CONCURRENCY = 50;
const DEFAULT_CONCURRENCY = 5;
const FILTERS = {
  type: 'array',
  items: { type: 'string', enum: [...WEBHOOK_FILTERS] },
  minItems: 1,
  maxItems: MAX_FILTERS,
  example: ['bulk_request.*', 'transfer.failed', 'transfer.returned'],
} as const;

/** What may be changed of an endpoint later. */
export class EndpointOptionsDto {
  /**
   * What it is for, so that somebody later dares to delete it.
   * @example "ERP"
   */
  @ApiProperty({ required: false, pattern: TEXT_PATTERN })
  @IsOptional()
  @Matches(new RegExp(TEXT_PATTERN, 'u'))
  @Length(0, 140)
  description?: string;

  /**
   * Whether it is told of single lines (`transfer.*`), as far as the filters ask for them.
   * @example true
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  line_events?: boolean;

  /**
   * One delivery at a time, in the order of `sequence`: one that fails keeps the next ones waiting until it succeeds or is given up.
   * @example false
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  ordered?: boolean;

  /**
   * Deliveries that may be under way to it at a time; an ordered endpoint has one.
   * @example 5
   */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_CONCURRENCY, required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_CONCURRENCY)
  max_concurrency?: number;
}

export class CreateWebhookEndpointDto extends EndpointOptionsDto {
  /**
   * Where events are posted to: `https://`, on port 443 or 8443, without a user or a fragment. Redirects are not followed.
   * @example "https://erp.example.com/hooks/tranche"
   */
  @ApiProperty({ minLength: 1, maxLength: MAX_URL_LENGTH })
  @IsString()
  @Length(1, MAX_URL_LENGTH)
  url: string;

  /** Events it is told of: a type, `transfer.*` for all of a noun, `*` for all there are. Left out: all. */
  @ApiProperty({ ...FILTERS, required: false } as object)
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_FILTERS)
  @IsIn(WEBHOOK_FILTERS, { each: true })
  types?: string[];
}

export class ChangeWebhookEndpointDto extends EndpointOptionsDto {
  /**
   * Where events are posted to from now on.
   * @example "https://erp.example.com/hooks/tranche"
   */
  @ApiProperty({ minLength: 1, maxLength: MAX_URL_LENGTH, required: false })
  @IsOptional()
  @IsString()
  @Length(1, MAX_URL_LENGTH)
  url?: string;

  /** Events it is told of from now on; not of a callback URL. */
  @ApiProperty({ ...FILTERS, required: false } as object)
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_FILTERS)
  @IsIn(WEBHOOK_FILTERS, { each: true })
  types?: string[];

  /**
   * A disabled endpoint is told of nothing that happens meanwhile. What happened before waits, and goes on when it is enabled again.
   * @example enabled
   */
  @ApiProperty({ enum: ENDPOINT_STATUSES, required: false })
  @IsOptional()
  @IsIn(ENDPOINT_STATUSES)
  status?: EndpointStatus;
}

@QuerySchema()
export class WebhookEndpointsQuery extends PageQuery {
  /** The one-off endpoint of this bulk request, which its `callback_url` made. Left out: all others. */
  @IsOptional()
  @IsUUID()
  bulk_request_id?: string;
}

export class WebhookEndpointDto {
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Who holds `webhooks:write` sees it whole, others only where it leads (`https://erp.example.com`): there may be a secret in the rest.
   * @example "https://erp.example.com/hooks/tranche"
   */
  url: string;

  /** @example "ERP" */
  description: string;

  /**
   * Events it is told of.
   * @example ["bulk_request.*"]
   */
  @ApiProperty({ type: [String] })
  types: readonly string[];

  /** @example true */
  line_events: boolean;

  /** @example false */
  ordered: boolean;

  /** @example 5 */
  @ApiProperty({ type: 'integer' })
  max_concurrency: number;

  /** @example enabled */
  @ApiProperty({ enum: ENDPOINT_STATUSES })
  status: EndpointStatus;

  /**
   * `asked`: by somebody of the organization. `gone`: it answered 410. `failing`: no delivery has succeeded for days. Null while enabled.
   * @example null
   */
  @ApiProperty({ type: String, enum: [...DISABLED_REASONS, null], nullable: true })
  disabled_reason: DisabledReason | null;

  /**
   * Of a one-off endpoint: the bulk request whose `callback_url` it is.
   * @example null
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  bulk_request_id: string | null;

  /**
   * Since when no delivery has succeeded, though some were tried; null: all is well.
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  failing_since: string | null;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class CreatedWebhookEndpointDto extends WebhookEndpointDto {
  /**
   * What its messages are signed with. Shown this once: null when the answer is a replay.
   * @example whsec_RXhhbXBsZWV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW0=
   */
  @ApiProperty({ type: String, nullable: true })
  secret: string | null;
}

export const CREATE_ENDPOINT_EXAMPLES = {
  erp: {
    summary: 'How bulk requests go, and which lines were not paid',
    value: {
      url: 'https://erp.example.com/hooks/tranche',
      description: 'ERP',
      types: ['bulk_request.*', 'transfer.failed', 'transfer.returned'],
    },
  },
  mirror: {
    summary: 'Everything, one after the other',
    value: { url: 'https://mirror.example.com/events', types: ['*'], ordered: true },
  },
};

/** What a new endpoint is, unless its maker says otherwise. */
export const choicesOf = (body: CreateWebhookEndpointDto): EndpointChoices => ({
  url: body.url,
  description: body.description ?? '',
  types: [...new Set(body.types ?? ['*'])],
  lineEvents: body.line_events ?? true,
  ordered: body.ordered ?? false,
  maxConcurrency: body.max_concurrency ?? DEFAULT_CONCURRENCY,
});

/** What was asked to be changed, and nothing else. */
export const changeOf = (body: ChangeWebhookEndpointDto): Partial<EndpointChoices & { status: EndpointStatus }> => ({
  ...(body.url !== undefined && { url: body.url }),
  ...(body.description !== undefined && { description: body.description }),
  ...(body.types !== undefined && { types: [...new Set(body.types)] }),
  ...(body.line_events !== undefined && { lineEvents: body.line_events }),
  ...(body.ordered !== undefined && { ordered: body.ordered }),
  ...(body.max_concurrency !== undefined && { maxConcurrency: body.max_concurrency }),
  ...(body.status !== undefined && { status: body.status }),
});

/** @param seesUrl whether it is shown whole */
export function webhookEndpointDto(endpoint: WebhookEndpoint, seesUrl: boolean): WebhookEndpointDto {
  const { id, url, description, types, ordered, status } = endpoint;
  return {
    id,
    url: seesUrl ? url : new URL(url).origin,
    description,
    types,
    line_events: endpoint.lineEvents,
    ordered,
    max_concurrency: endpoint.maxConcurrency,
    status,
    disabled_reason: endpoint.disabledReason,
    bulk_request_id: endpoint.bulkId,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
    updated_at: endpoint.updatedAt.toISOString(),
  };
}
