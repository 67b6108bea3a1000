import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  IdempotencyKey,
  IdParam,
  type Page,
  PageQuery,
  PlatformScope,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { OrganizationsQueries } from '../organizations.queries.js';
import { type ApiKeyAnswer, OrganizationsService } from '../organizations.service.js';
import {
  ApiKeyDto,
  apiKeyDto,
  CreateApiKeyDto,
  IssuedApiKeyDto,
  issuedApiKeyDto,
  RotateApiKeyDto,
} from './api-keys.dto.js';

const SHOWN_ONCE = 'The key, created. `secret` and `signing_secret` are shown this once; a replay has null there.';
const ROTATIONS = {
  with_an_overlap: { summary: 'The old key works for another hour', value: { overlap_seconds: 3_600 } },
  at_once: {
    summary: 'The old key stops working now, and the new one signs',
    value: { overlap_seconds: 0, require_signature: true },
  },
};

@ApiTags('API keys')
@Controller('organizations/:organization_id/api-keys')
export class ApiKeysController {
  constructor(
    private readonly organizations: OrganizationsService,
    private readonly queries: OrganizationsQueries,
  ) {}

  /** Create an API key of an organization. Its secret is in this answer and nowhere else. */
  @Post()
  @PlatformScope()
  @ApiCreatedResponse({ type: IssuedApiKeyDto, description: SHOWN_ONCE })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  create(
    @IdParam('organization_id') organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { name, scopes, expires_at: expiresAt = null, require_signature: requireSignature }: CreateApiKeyDto,
  ): Promise<Reply> {
    const signing = requireSignature === undefined ? {} : { requireSignature };
    const command = { organizationId, name, scopes, expiresAt, ...signing };
    return this.organizations.createApiKey(command, idempotencyKey, created);
  }

  /** List the API keys of an organization, newest first, revoked ones included. */
  @Get()
  @PlatformScope()
  @ApiPage(ApiKeyDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(@IdParam('organization_id') organizationId: string, @Query() query: PageQuery): Promise<Page<ApiKeyDto>> {
    const page = await this.queries.listApiKeys(organizationId, query);
    return { ...page, data: page.data.map(apiKeyDto) };
  }

  /** Get an API key. */
  @Get(':id')
  @PlatformScope()
  @ApiOkResponse({ type: ApiKeyDto, description: 'The key, without its secret.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@IdParam('organization_id') organizationId: string, @IdParam() id: string): Promise<ApiKeyDto> {
    return apiKeyDto(await this.queries.getApiKey(organizationId, id));
  }

  /** Revoke an API key. It opens nothing from this answer on; it stays in the list. */
  @Delete(':id')
  @HttpCode(204)
  @PlatformScope()
  @ApiNoContentResponse({ description: 'The key is revoked, now or already before.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async revoke(@IdParam('organization_id') organizationId: string, @IdParam() id: string): Promise<void> {
    await this.organizations.revokeApiKey(organizationId, id);
  }

  /**
   * Rotate an API key: a new one with the same name, scopes and expiry.
   *
   * The old one is revoked at once, or works on for `overlap_seconds`, so that callers can be given the new one without a gap. It then
   * names its successor in `rotated_to`. A key is rotated once; to rotate again, rotate its successor.
   */
  @Post(':id/rotate')
  @PlatformScope()
  @ApiCreatedResponse({ type: IssuedApiKeyDto, description: SHOWN_ONCE })
  @ApiBody({ type: RotateApiKeyDto, required: false, examples: ROTATIONS })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  rotate(
    @IdParam('organization_id') organizationId: string,
    @IdParam() apiKeyId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { overlap_seconds: overlapSeconds, require_signature: requireSignature }: RotateApiKeyDto,
  ): Promise<Reply> {
    const overlap = overlapSeconds === undefined ? {} : { overlapSeconds };
    const signing = requireSignature === undefined ? {} : { requireSignature };
    const command = { organizationId, apiKeyId, ...overlap, ...signing };
    return this.organizations.rotateApiKey(command, idempotencyKey, created);
  }
}

const created: ApiKeyAnswer = (key, secret, signingSecret) =>
  Reply.of(
    201,
    issuedApiKeyDto(key, { secret, signingSecret }),
    `/api/v1/organizations/${key.organizationId}/api-keys/${key.id}`,
  );
