import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  CurrentPrincipal,
  holdsScopes,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Page,
  PageQuery,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { ChangeChannels } from '../application/change-channels.js';
import { RequestNotification } from '../application/request-notification.js';
import { NotificationsQueries } from '../notifications.queries.js';
import {
  CHANGE_CHANNEL_EXAMPLES,
  ChangeNotificationChannelDto,
  CREATE_CHANNEL_EXAMPLES,
  CreateNotificationChannelDto,
  NotificationChannelDto,
  notificationChannelDto,
} from './notification-channels.dto.js';
import { NotificationDto, notificationDto, notificationPath } from './notifications.dto.js';

/** Who decides whom to mail knows the addresses anyway. */
const seesAddresses = (principal: Principal): boolean => holdsScopes(principal, ['notifications:write']);

@ApiTags('Notifications')
@Controller('notification-channels')
export class NotificationChannelsController {
  constructor(
    private readonly channels: ChangeChannels,
    private readonly requests: RequestNotification,
    private readonly queries: NotificationsQueries,
  ) {}

  /**
   * Create a channel: a mailbox, or a chat
   *
   * It says where to; a rule says what of. 20 for an organization at most. Mail needs a mail server of this installation: without one the
   * answer is 422 `channel_not_configured`.
   */
  @Post()
  @Scopes('notifications:write')
  @ApiBody({ type: CreateNotificationChannelDto, examples: CREATE_CHANNEL_EXAMPLES })
  @ApiCreatedResponse({ type: NotificationChannelDto, description: 'The channel, created.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  create(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { kind, name, recipients, url, enabled = true }: CreateNotificationChannelDto,
  ): Promise<Reply> {
    const destination = { recipients, url: url ?? undefined };
    return this.channels.create({ organizationId, kind, name, destination, enabled }, idempotencyKey, (channel) =>
      Reply.of(201, notificationChannelDto(channel, true), `/api/v1/notification-channels/${channel.id}`),
    );
  }

  /** List channels, newest first. */
  @Get()
  @Scopes('notifications:read')
  @ApiPage(NotificationChannelDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @Query() query: PageQuery,
  ): Promise<Page<NotificationChannelDto>> {
    const page = await this.queries.listChannels(organizationId, query);
    return { ...page, data: page.data.map((channel) => notificationChannelDto(channel, seesAddresses(principal))) };
  }

  /** Read a channel. */
  @Get(':id')
  @Scopes('notifications:read')
  @ApiOkResponse({ type: NotificationChannelDto, description: 'The channel.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @IdParam() id: string,
  ): Promise<NotificationChannelDto> {
    return notificationChannelDto(await this.queries.getChannel(organizationId, id), seesAddresses(principal));
  }

  /** Change a channel: its name, where it leads, or whether anything is sent to it. Its kind stays. */
  @Patch(':id')
  @Scopes('notifications:write')
  @ApiBody({ type: ChangeNotificationChannelDto, examples: CHANGE_CHANNEL_EXAMPLES })
  @ApiOkResponse({ type: NotificationChannelDto, description: 'The channel as it is now.' })
  @ApiProblems(400, 401, 403, 404, 413, 415, 422, 503)
  async change(
    @OrganizationId() organizationId: string,
    @IdParam() channelId: string,
    @Body() { name, recipients, url, enabled }: ChangeNotificationChannelDto,
  ): Promise<NotificationChannelDto> {
    const destination = { recipients, url: url ?? undefined };
    const command = { organizationId, channelId, name, destination, enabled };
    return notificationChannelDto(await this.channels.change(command), true);
  }

  /**
   * Delete a channel, and its rules with it
   *
   * What waits to be sent to it fails with `channel_deleted`. What was sent stays in the list of notifications.
   */
  @Delete(':id')
  @HttpCode(204)
  @Scopes('notifications:write')
  @ApiNoContentResponse({ description: 'The channel is gone.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async delete(@OrganizationId() organizationId: string, @IdParam() channelId: string): Promise<void> {
    await this.channels.delete(organizationId, channelId);
  }

  /**
   * Try a channel out
   *
   * A worker sends a notification that says so, also when the channel is switched off; read at `Location` what became of it. Once a minute
   * for each channel at most: otherwise 429 `rate_limited`.
   */
  @Post(':id/test')
  @HttpCode(202)
  @Scopes('notifications:write')
  @ApiAcceptedResponse({
    type: NotificationDto,
    description: 'The notification, waiting to be sent.',
    headers: { Location: { description: 'Where it can be read.', schema: { type: 'string' } } },
  })
  @ApiProblems(400, 401, 403, 404, 409, 422, 429, 503)
  test(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @IdParam() channelId: string,
  ): Promise<Reply> {
    return this.requests.test({ organizationId, channelId }, idempotencyKey, (notification) =>
      Reply.of(202, notificationDto(notification), notificationPath(notification.id)),
    );
  }
}
