import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  CurrentPrincipal,
  holdsScopes,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Page,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { TestEndpoint } from '../application/test-endpoint.js';
import { WebhooksQueries } from '../webhooks.queries.js';
import { type EndpointAnswer, type SecretAnswer, WebhooksService } from '../webhooks.service.js';
import {
  changeOf,
  ChangeWebhookEndpointDto,
  choicesOf,
  CREATE_ENDPOINT_EXAMPLES,
  CreatedWebhookEndpointDto,
  CreateWebhookEndpointDto,
  WebhookEndpointDto,
  webhookEndpointDto,
  WebhookEndpointsQuery,
} from './webhook-endpoints.dto.js';
import {
  DEFAULT_OVERLAP_SECONDS,
  ROTATE_EXAMPLES,
  RotateWebhookSecretDto,
  WebhookSecretDto,
} from './webhook-secrets.dto.js';
import { WebhookTestDto, webhookTestDto } from './webhook-tests.dto.js';

/** Who decides what is posted where knows the URLs anyway. */
const seesUrls = (principal: Principal): boolean => holdsScopes(principal, ['webhooks:write']);

@ApiTags('Webhooks')
@Controller('webhook-endpoints')
export class WebhookEndpointsController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly tests: TestEndpoint,
    private readonly queries: WebhooksQueries,
  ) {}

  /**
   * Create a webhook endpoint
   *
   * It is told of what happens from now on, with messages signed as [Standard Webhooks](https://www.standardwebhooks.com) describes. The
   * secret is in this answer and nowhere else.
   */
  @Post()
  @Scopes('webhooks:write')
  @ApiBody({ type: CreateWebhookEndpointDto, examples: CREATE_ENDPOINT_EXAMPLES })
  @ApiCreatedResponse({
    type: CreatedWebhookEndpointDto,
    description: 'The endpoint, created. `secret` is shown this once; a replay has null there.',
  })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  create(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() body: CreateWebhookEndpointDto,
  ): Promise<Reply> {
    return this.webhooks.create({ organizationId, ...choicesOf(body) }, idempotencyKey, created);
  }

  /** List webhook endpoints, newest first. Those of single bulk requests are found by `bulk_request_id`. */
  @Get()
  @Scopes('webhooks:read')
  @ApiPage(WebhookEndpointDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @Query() { bulk_request_id: bulkId, ...page }: WebhookEndpointsQuery,
  ): Promise<Page<WebhookEndpointDto>> {
    const filter = { organizationId, bulkId: bulkId?.toLowerCase() ?? null };
    const found = await this.queries.listEndpoints(filter, page);
    return { ...found, data: found.data.map((endpoint) => webhookEndpointDto(endpoint, seesUrls(principal))) };
  }

  /** Get a webhook endpoint. */
  @Get(':id')
  @Scopes('webhooks:read')
  @ApiOkResponse({ type: WebhookEndpointDto, description: 'The endpoint, without its secret.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() id: string,
  ): Promise<WebhookEndpointDto> {
    return webhookEndpointDto(await this.queries.getEndpoint(organizationId, id), seesUrls(principal));
  }

  /**
   * Change, enable or disable a webhook endpoint
   *
   * What is left out stays as it is. What the callback URL of a bulk request is told of (`types`, `line_events`) is always the same: 422
   * `validation_failed`.
   */
  @Patch(':id')
  @Scopes('webhooks:write')
  @ApiOkResponse({ type: WebhookEndpointDto, description: 'The endpoint as it is now.' })
  @ApiProblems(400, 401, 403, 404, 413, 415, 422, 503)
  async change(
    @OrganizationId() organizationId: string,
    @IdParam() endpointId: string,
    @Body() body: ChangeWebhookEndpointDto,
  ): Promise<WebhookEndpointDto> {
    return webhookEndpointDto(await this.webhooks.change({ organizationId, endpointId, ...changeOf(body) }), true);
  }

  /** Delete a webhook endpoint. What waits for it is not sent any more; what was sent can still be read. */
  @Delete(':id')
  @HttpCode(204)
  @Scopes('webhooks:write')
  @ApiNoContentResponse({ description: 'It is told of nothing any more.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async delete(@OrganizationId() organizationId: string, @IdParam() endpointId: string): Promise<void> {
    await this.webhooks.delete(organizationId, endpointId);
  }

  /**
   * Send a test message to a webhook endpoint
   *
   * At once, signed like any other, with the type `webhook.test`; also when the endpoint is disabled. It is no event, and not tried again.
   * Every 10 seconds for each endpoint at most: otherwise 429 `rate_limited`.
   */
  @Post(':id/test')
  @HttpCode(200)
  @Scopes('webhooks:write')
  @ApiOkResponse({ type: WebhookTestDto, description: 'What the receiver made of it.' })
  @ApiProblems(400, 401, 403, 404, 429, 503)
  async test(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<WebhookTestDto> {
    return webhookTestDto(await this.tests.test(organizationId, id));
  }

  /**
   * Rotate the secret of a webhook endpoint
   *
   * Until the overlap ends, messages carry two signatures: of the new secret and of the one before it. Rotating again within an overlap ends
   * that one.
   */
  @Post(':id/rotate-secret')
  @Scopes('webhooks:write')
  @ApiBody({ type: RotateWebhookSecretDto, required: false, examples: ROTATE_EXAMPLES })
  @ApiCreatedResponse({ type: WebhookSecretDto, description: 'The new secret. It is shown this once.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  rotate(
    @OrganizationId() organizationId: string,
    @IdParam() endpointId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { overlap_seconds: overlapSeconds = DEFAULT_OVERLAP_SECONDS }: RotateWebhookSecretDto,
  ): Promise<Reply> {
    return this.webhooks.rotateSecret({ organizationId, endpointId, overlapSeconds }, idempotencyKey, shown);
  }
}

const created: EndpointAnswer = (endpoint, secret) =>
  Reply.of(201, { ...webhookEndpointDto(endpoint, true), secret }, `/api/v1/webhook-endpoints/${endpoint.id}`);

const shown: SecretAnswer = (secret) => Reply.of(201, { secret });
