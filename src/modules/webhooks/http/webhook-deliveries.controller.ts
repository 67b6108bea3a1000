import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Page,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { ResendDeliveries } from '../application/resend-deliveries.js';
import { WebhooksQueries } from '../webhooks.queries.js';
import {
  rangeOf,
  RESEND_EXAMPLES,
  ResendDeliveriesDto,
  ResentDeliveriesDto,
  resentDeliveriesDto,
  WebhookDeliveriesQuery,
  webhookAttemptDto,
  WebhookDeliveryDetailDto,
  WebhookDeliveryDto,
  webhookDeliveryDto,
} from './webhook-deliveries.dto.js';

@ApiTags('Webhooks')
@Controller('webhook-deliveries')
export class WebhookDeliveriesController {
  constructor(
    private readonly resends: ResendDeliveries,
    private readonly queries: WebhooksQueries,
  ) {}

  /** List deliveries, newest first: each is one event for one endpoint. */
  @Get()
  @Scopes('webhooks:read')
  @ApiPage(WebhookDeliveryDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OrganizationId() organizationId: string,
    @Query() { endpoint_id: endpointId, status, event_type: eventType, ...page }: WebhookDeliveriesQuery,
  ): Promise<Page<WebhookDeliveryDto>> {
    const filter = {
      organizationId,
      endpointId: endpointId?.toLowerCase() ?? null,
      status: status ?? null,
      eventType: eventType ?? null,
    };
    const found = await this.queries.listDeliveries(filter, page);
    return { ...found, data: found.data.map(webhookDeliveryDto) };
  }

  /** Get a delivery with its attempts. */
  @Get(':id')
  @Scopes('webhooks:read')
  @ApiOkResponse({ type: WebhookDeliveryDetailDto, description: 'The delivery.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<WebhookDeliveryDetailDto> {
    const { delivery, attempts } = await this.queries.getDelivery(organizationId, id);
    return { ...webhookDeliveryDto(delivery), attempts: attempts.map(webhookAttemptDto) };
  }

  /**
   * Send the deliveries of a range again
   *
   * One request sends up to 5,000 again, by `sequence`. While the answer has `has_more`, ask again with its `next_sequence` as
   * `from_sequence`. What is being sent at this moment is left out. Events that happened before the endpoint was made, or while it was disabled, have no
   * delivery: read them from `GET /events`.
   */
  @Post('resend')
  @HttpCode(202)
  @Scopes('webhooks:write')
  @ApiBody({ type: ResendDeliveriesDto, examples: RESEND_EXAMPLES })
  @ApiAcceptedResponse({
    type: ResentDeliveriesDto,
    description: 'They are due, and sent as soon as it is their turn.',
  })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  resendRange(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() body: ResendDeliveriesDto,
  ): Promise<Reply> {
    return this.resends.range({ organizationId, range: rangeOf(body) }, idempotencyKey, (resent) =>
      Reply.of(202, resentDeliveriesDto(resent)),
    );
  }

  /** Send a delivery again, also one that succeeded. The receiver gets the same event under the same id. */
  @Post(':id/resend')
  @HttpCode(202)
  @Scopes('webhooks:write')
  @ApiAcceptedResponse({ type: WebhookDeliveryDto, description: 'It is due, and sent as soon as it is its turn.' })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  resend(
    @OrganizationId() organizationId: string,
    @IdParam() deliveryId: string,
    @IdempotencyKey() idempotencyKey: string | null,
  ): Promise<Reply> {
    return this.resends.one({ organizationId, deliveryId }, idempotencyKey, (delivery) =>
      Reply.of(202, webhookDeliveryDto(delivery)),
    );
  }
}
