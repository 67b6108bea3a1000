import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
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
import { RequestNotification } from '../application/request-notification.js';
import { NotificationsQueries } from '../notifications.queries.js';
import { NotificationDto, notificationDto, notificationPath, NotificationsQuery } from './notifications.dto.js';

@ApiTags('Notifications')
@Controller('notifications')
export class NotificationsController {
  constructor(
    private readonly requests: RequestNotification,
    private readonly queries: NotificationsQueries,
  ) {}

  /** List notifications, newest first: sent, waiting and failed. They are kept for as long as events. */
  @Get()
  @Scopes('notifications:read')
  @ApiPage(NotificationDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OrganizationId() organizationId: string,
    @Query() query: NotificationsQuery,
  ): Promise<Page<NotificationDto>> {
    const { status, channel_id: channelId } = query;
    const page = await this.queries.listNotifications(organizationId, { status, channelId }, query);
    return { ...page, data: page.data.map(notificationDto) };
  }

  /** Read a notification. */
  @Get(':id')
  @Scopes('notifications:read')
  @ApiOkResponse({ type: NotificationDto, description: 'The notification as it is now.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<NotificationDto> {
    return notificationDto(await this.queries.getNotification(organizationId, id));
  }

  /** Send a notification again, whether it failed or was sent: from the beginning of the schedule, as a message of its own. */
  @Post(':id/resend')
  @HttpCode(202)
  @Scopes('notifications:write')
  @ApiAcceptedResponse({
    type: NotificationDto,
    description: 'The notification, waiting to be sent.',
    headers: { Location: { description: 'Where it can be read.', schema: { type: 'string' } } },
  })
  @ApiProblems(400, 401, 403, 404, 409, 422, 503)
  resend(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @IdParam() notificationId: string,
  ): Promise<Reply> {
    return this.requests.resend({ organizationId, notificationId }, idempotencyKey, (notification) =>
      Reply.of(202, notificationDto(notification), notificationPath(notification.id)),
    );
  }
}
