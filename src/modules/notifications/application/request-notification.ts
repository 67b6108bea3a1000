import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { newId } from '../../../domain/ids.js';
import type { Tx } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { AuditTrail } from '../../audit/index.js';
import { TEST_PAUSE_SECONDS } from '../domain/channel.js';
import { canBeResent, type Notification } from '../domain/notification.js';
import { channelGone, notOver, testedTooOften } from '../domain/notification.errors.js';
import { renderTest } from '../domain/templates/render.js';
import { ChannelRepository } from '../persistence/channel.repository.js';
import { NotificationRepository } from '../persistence/notification.repository.js';

/** What somebody asks for themselves. A worker sends it, as it sends everything. */
@Injectable()
export class RequestNotification {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly channels: ChannelRepository,
    private readonly notifications: NotificationRepository,
    private readonly audit: AuditTrail,
    private readonly wake: Wake,
  ) {}

  /** Also over a channel that is not enabled. @throws not_found, rate_limited */
  async test(
    command: { organizationId: string; channelId: string },
    idempotencyKey: string | null,
    answer: (notification: Notification) => Reply,
  ): Promise<Reply> {
    const { organizationId, channelId } = command;
    const request = { organizationId, operation: 'notification-channels.test', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      const channel = await this.channels.lock(tx, organizationId, channelId);
      if (!channel) throw notFound('notification channel');
      const ageSeconds = await this.notifications.secondsSinceTest(tx, channelId);
      if (ageSeconds !== null && ageSeconds < TEST_PAUSE_SECONDS) {
        throw testedTooOften(Math.ceil(TEST_PAUSE_SECONDS - ageSeconds));
      }
      const { subject, text: body } = renderTest(channelId, new Date());
      const told = { severity: 'info', subject, body } as const;
      const test = { id: newId(), organizationId, channelId, channelKind: channel.kind, ...told };
      const notification = await this.notifications.insertTest(tx, test);
      const resource = { type: 'notification_channel', id: channelId } as const;
      this.audit.record(tx, { organizationId, action: 'notification_channel.tested', resource });
      this.wakeSender(tx);
      return answer(notification);
    });
  }

  /** From the beginning of the schedule. @throws not_found, invalid_state */
  async resend(
    command: { organizationId: string; notificationId: string },
    idempotencyKey: string | null,
    answer: (notification: Notification) => Reply,
  ): Promise<Reply> {
    const { organizationId, notificationId } = command;
    const request = { organizationId, operation: 'notifications.resend', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      const before = await this.notifications.lock(tx, organizationId, notificationId);
      if (!before) throw notFound('notification');
      if (!canBeResent(before.status)) throw notOver(before.status);
      if (!(await this.channels.find(tx, organizationId, before.channelId))) throw channelGone(before.status);
      const notification = await this.notifications.resend(tx, notificationId);
      this.audit.record(tx, {
        organizationId,
        action: 'notification.resent',
        resource: { type: 'notification', id: notificationId },
        before: { status: before.status },
        after: { status: notification.status, resends: notification.resends },
      });
      this.wakeSender(tx);
      return answer(notification);
    });
  }

  private wakeSender(tx: Tx): void {
    tx.afterCommit(() => this.wake.notify('notifications'));
  }
}
