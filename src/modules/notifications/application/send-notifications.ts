import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY, ofOrganization, UnitOfWork } from '../../../platform/database/index.js';
import { Unsealable } from '../../../platform/encryption/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { Channels } from '../adapters/channels.js';
import type { ChannelRecord, ChannelSettings } from '../domain/channel.js';
import { messageId, type Notification } from '../domain/notification.js';
import type { SendOutcome } from '../domain/notification-channel.js';
import { leftOf, type PartlyTaken, progressAfter, progressOf } from '../domain/partly-taken.js';
import { stepAfter } from '../domain/retry-schedule.js';
import { Slots } from '../domain/slots.js';
import { NotificationsMetrics } from '../notifications.metrics.js';
import { ChannelRepository } from '../persistence/channel.repository.js';
import { type DueChannel, OutgoingRepository } from '../persistence/outgoing.repository.js';
import { SealedSettings } from './sealed-settings.js';

const POLL_INTERVAL_MS = 1_000;
const CHANNELS_PER_TURN = 100;
interface Attempt {
  readonly outcome: SendOutcome;
  /** Of a mail that was taken for some. */
  readonly progress: PartlyTaken | null;
}

/** Besides what the other side may take: two round trips to PostgreSQL, and a slow process. */
const LEASE_MARGIN_MS = 45_000;

const logger = createLogger('notifications');

/**
 * Sends what is due, with no transaction open. Nobody waits for a send: a turn hands out what there is room for, and each end of one makes
 * room for the next. A worker that dies leaves leases that run out; what it may have sent is sent again, under the same id.
 */
@Injectable()
export class SendNotifications implements OnModuleInit, BeforeApplicationShutdown {
  private readonly slots = new Slots();
  private readonly underWay = new Set<Promise<void>>();
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly outgoing: OutgoingRepository,
    private readonly records: ChannelRepository,
    private readonly settings: SealedSettings,
    private readonly channels: Channels,
    private readonly loops: Loops,
    private readonly wake: Wake,
    private readonly metrics: NotificationsMetrics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.loops.add({
      name: 'send-notifications',
      intervalMs: POLL_INTERVAL_MS,
      wakesOn: 'notifications',
      run: () => this.turn(),
    });
  }

  /** What is with the other side ends by itself, and soon. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.underWay);
  }

  private async turn(): Promise<boolean> {
    if (this.slots.isFull || this.isStopping) return false;
    const due = await this.outgoing.listDue(this.database.as(DISCOVERY), this.slots.full, CHANNELS_PER_TURN);
    for (const channel of due) await this.begin(channel);
    return due.length === CHANNELS_PER_TURN;
  }

  /** One channel a transaction. */
  private async begin(due: DueChannel): Promise<void> {
    const limit = this.slots.roomFor(due);
    if (limit === 0 || this.isStopping) return;
    const leaseMs = this.config.OUTBOUND_TIMEOUT_MS + LEASE_MARGIN_MS;
    const { claimed, channel } = await this.unitOfWork.run(ofOrganization(due.organizationId), async (tx) => ({
      claimed: await this.outgoing.claim(tx, due, { limit, leaseMs }),
      channel: await this.records.find(tx, due.organizationId, due.channelId),
    }));
    for (const notification of claimed) this.start(notification, channel);
  }

  private start(notification: Notification, channel: ChannelRecord | null): void {
    this.slots.take(notification);
    const work = this.deliver(notification, channel).finally(() => {
      this.slots.release(notification);
      this.underWay.delete(work);
      this.wake.notifyHere('notifications');
    });
    this.underWay.add(work);
  }

  /** Never rejects: what could not be written down is sent again when its lease runs out. */
  private async deliver(notification: Notification, channel: ChannelRecord | null): Promise<void> {
    const { id: notification_id, organizationId: organization_id, channelId: channel_id, attempts } = notification;
    const told = { notification_id, organization_id, channel_id, attempts };
    try {
      const { outcome, progress } = await this.attempt(notification, channel);
      const step = stepAfter(attempts, outcome, progress, Math.random());
      const recorded = await this.unitOfWork.run(ofOrganization(organization_id), (tx) =>
        this.outgoing.record(tx, notification, step),
      );
      this.metrics.attempted(channel?.kind ?? 'none', step.status);
      if (!recorded) logger.warn({ event: 'notification_lease_lost', ...told });
      else if (step.status === 'failed') logger.warn({ event: 'notification_failed', ...told, failure: step.failure });
      else if (step.status === 'sent' && step.failure !== null) {
        logger.warn({ event: 'notification_partly_sent', ...told, failure: step.failure });
      } else if (step.status === 'pending') {
        logger.info({ event: 'notification_retried', ...told, failure: step.failure, delay_ms: step.pauseMs });
      }
    } catch (error) {
      logger.error({ event: 'notification_not_recorded', ...told, err: error });
    }
  }

  private async attempt(notification: Notification, channel: ChannelRecord | null): Promise<Attempt> {
    if (!channel) return { outcome: { kind: 'refused', failure: 'channel_deleted' }, progress: null };
    const isTest = notification.ruleId === null;
    if (!channel.enabled && !isTest) {
      return { outcome: { kind: 'refused', failure: 'channel_disabled' }, progress: null };
    }
    const before = progressOf(notification, channel);
    try {
      const { settings } = this.settings.open(channel);
      const outcome = await this.sendTo(channel, leftOf(settings, before), notification);
      const isPartly = outcome.kind === 'partly';
      const progress = isPartly ? progressAfter(settings, channel.settingsVersion, before, outcome) : before;
      return { outcome, progress };
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error;
      const { id: channel_id, organizationId: organization_id } = channel;
      logger.error({ event: 'notification_channel_unreadable', channel_id, organization_id, code: error.code });
      return { outcome: { kind: 'retry', failure: 'channel_unreadable', retryAfterMs: null }, progress: before };
    }
  }

  private sendTo({ kind }: ChannelRecord, settings: ChannelSettings, notification: Notification): Promise<SendOutcome> {
    const { severity, subject, body: text } = notification;
    const message = { id: messageId(notification), severity, subject, text };
    return this.metrics.timed(kind, () => this.channels.send(settings, message));
  }
}
