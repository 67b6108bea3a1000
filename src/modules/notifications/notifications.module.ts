import { Module } from '@nestjs/common';
import { OutboundModule } from '../../platform/outbound/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { EventsModule } from '../events/index.js';
import { Channels } from './adapters/channels.js';
import { EmailChannel } from './adapters/email.channel.js';
import { SlackChannel } from './adapters/slack.channel.js';
import { ChangeChannels } from './application/change-channels.js';
import { ChangeRules } from './application/change-rules.js';
import { NoteEvents } from './application/note-events.js';
import { PurgeNotifications } from './application/purge-notifications.js';
import { RequestNotification } from './application/request-notification.js';
import { SendNotifications } from './application/send-notifications.js';
import { NotificationChannelsController } from './http/notification-channels.controller.js';
import { NotificationRulesController } from './http/notification-rules.controller.js';
import { NotificationsController } from './http/notifications.controller.js';
import { NotificationSettingsModule } from './notification-settings.module.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import { NotificationsQueries } from './notifications.queries.js';
import { ChannelRepository } from './persistence/channel.repository.js';
import { GatheringRepository } from './persistence/gathering.repository.js';
import { NotificationRepository } from './persistence/notification.repository.js';
import { OutgoingRepository } from './persistence/outgoing.repository.js';
import { RuleRepository } from './persistence/rule.repository.js';

@Module({
  imports: [AuditTrailModule, EventsModule, NotificationSettingsModule, OutboundModule],
  controllers: [NotificationChannelsController, NotificationRulesController, NotificationsController],
  providers: [
    ...[ChannelRepository, GatheringRepository, NotificationRepository, OutgoingRepository, RuleRepository],
    ...[Channels, EmailChannel, SlackChannel],
    ...[ChangeChannels, ChangeRules, NoteEvents, PurgeNotifications, RequestNotification, SendNotifications],
    ...[NotificationsMetrics, NotificationsQueries],
  ],
})
export class NotificationsModule {}
