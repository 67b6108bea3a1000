import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
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
import type { ApiKey } from '../domain/api-key.js';
import { OrganizationsQueries } from '../organizations.queries.js';
import { OrganizationsService } from '../organizations.service.js';
import { ApiKeyDto, apiKeyDto, CreateApiKeyDto, IssuedApiKeyDto, issuedApiKeyDto } from './api-keys.dto.js';

const SHOWN_ONCE = 'The key, created. `secret` is shown this once; a replay has null there.';

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
    @Body() { name, scopes, expires_at: expiresAt = null }: CreateApiKeyDto,
  ): Promise<Reply> {
    return this.organizations.createApiKey({ organizationId, name, scopes, expiresAt }, idempotencyKey, created);
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

  /** Rotate an API key: a new one with the same name, scopes and expiry; the old one is revoked at once. */
  @Post(':id/rotate')
  @PlatformScope()
  @ApiCreatedResponse({ type: IssuedApiKeyDto, description: SHOWN_ONCE })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  rotate(
    @IdParam('organization_id') organizationId: string,
    @IdParam() apiKeyId: string,
    @IdempotencyKey() idempotencyKey: string | null,
  ): Promise<Reply> {
    return this.organizations.rotateApiKey({ organizationId, apiKeyId }, idempotencyKey, created);
  }
}

const created = (key: ApiKey, secret: string | null): Reply =>
  Reply.of(201, issuedApiKeyDto(key, secret), `/api/v1/organizations/${key.organizationId}/api-keys/${key.id}`);
