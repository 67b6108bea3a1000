import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, IdempotencyKey, OrganizationId, Scopes } from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { WebhooksQueries } from '../webhooks.queries.js';
import { WebhooksService } from '../webhooks.service.js';
import {
  DEFAULT_OVERLAP_SECONDS,
  DefaultSecretDto,
  defaultSecretDto,
  ROTATE_EXAMPLES,
  RotateWebhookSecretDto,
  WebhookSecretDto,
} from './webhook-secrets.dto.js';

@ApiTags('Webhooks')
@Controller('webhook-endpoints/default-secret')
export class DefaultSecretController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly queries: WebhooksQueries,
  ) {}

  /** Say whether there is a default secret: the one that what goes to a `callback_url` is signed with */
  @Get()
  @Scopes('webhooks:read')
  @ApiOkResponse({ type: DefaultSecretDto, description: 'When it was made; not the secret.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string): Promise<DefaultSecretDto> {
    return defaultSecretDto(await this.queries.defaultSecrets(organizationId));
  }

  /**
   * Make, or rotate, the default secret
   *
   * What goes to the `callback_url` of a bulk request is signed with it. Ask for it before the first one. Until the overlap ends, the one
   * before it signs, too.
   */
  @Post('rotate')
  @Scopes('webhooks:write')
  @ApiBody({ type: RotateWebhookSecretDto, required: false, examples: ROTATE_EXAMPLES })
  @ApiCreatedResponse({ type: WebhookSecretDto, description: 'The new secret. It is shown this once.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  rotate(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { overlap_seconds: overlapSeconds = DEFAULT_OVERLAP_SECONDS }: RotateWebhookSecretDto,
  ): Promise<Reply> {
    const command = { organizationId, endpointId: null, overlapSeconds };
    return this.webhooks.rotateSecret(command, idempotencyKey, (secret) => Reply.of(201, { secret }));
  }
}
