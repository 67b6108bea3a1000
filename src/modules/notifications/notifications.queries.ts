import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
import { Database } from '../../platform/database/index.js';
import { newestFirst, type Page, type PageQuery } from '../../platform/http/index.js';
import { SealedSettings } from './application/sealed-settings.js';
import type { Channel } from './domain/channel.js';
import type { Notification } from './domain/notification.js';
import type { NotificationRule } from './domain/notification-rule.js';
import { ChannelRepository } from './persistence/channel.repository.js';
import { type NotificationFilter, NotificationRepository } from './persistence/notification.repository.js';
import { RuleRepository } from './persistence/rule.repository.js';

@Injectable()
export class NotificationsQueries {
  constructor(
    private readonly database: Database,
    private readonly channels: ChannelRepository,
    private readonly rules: RuleRepository,
    private readonly notifications: NotificationRepository,
    private readonly settings: SealedSettings,
  ) {}

  async getChannel(organizationId: string, id: string): Promise<Channel> {
    const channel = await this.channels.find(this.database.of(organizationId), organizationId, id);
    if (!channel) throw notFound('notification channel');
    return this.settings.open(channel);
  }

  async listChannels(organizationId: string, page: PageQuery): Promise<Page<Channel>> {
    const on = this.database.of(organizationId);
    const found = await newestFirst(page, (limit, beforeId) => this.channels.list(on, organizationId, limit, beforeId));
    return { ...found, data: found.data.map((channel) => this.settings.open(channel)) };
  }

  async getRule(organizationId: string, id: string): Promise<NotificationRule> {
    const rule = await this.rules.find(this.database.of(organizationId), organizationId, id);
    if (!rule) throw notFound('notification rule');
    return rule;
  }

  async listRules(organizationId: string, page: PageQuery): Promise<Page<NotificationRule>> {
    const on = this.database.of(organizationId);
    return newestFirst(page, (limit, beforeId) => this.rules.list(on, organizationId, limit, beforeId));
  }

  async getNotification(organizationId: string, id: string): Promise<Notification> {
    const notification = await this.notifications.find(this.database.of(organizationId), organizationId, id);
    if (!notification) throw notFound('notification');
    return notification;
  }

  async listNotifications(
    organizationId: string,
    filter: NotificationFilter,
    page: PageQuery,
  ): Promise<Page<Notification>> {
    const on = this.database.of(organizationId);
    return newestFirst(page, (limit, beforeId) =>
      this.notifications.list(on, organizationId, filter, { limit, beforeId }),
    );
  }
}
