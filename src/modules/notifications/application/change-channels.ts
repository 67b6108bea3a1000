import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { newId } from '../../../domain/ids.js';
import { normalizeText } from '../../../domain/text.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { AuditTrail } from '../../audit/index.js';
import { ReadEvents } from '../../events/index.js';
import { Channels } from '../adapters/channels.js';
import {
  type Channel,
  type ChannelKind,
  type ChannelSettings,
  type Destination,
  MAX_CHANNELS,
} from '../domain/channel.js';
import { channelState } from '../domain/audit-state.js';
import { tooMany } from '../domain/notification.errors.js';
import { ChannelRepository } from '../persistence/channel.repository.js';
import { NotificationRepository } from '../persistence/notification.repository.js';
import { RuleRepository } from '../persistence/rule.repository.js';
import { SealedSettings } from './sealed-settings.js';

export interface CreateChannel {
  readonly organizationId: string;
  readonly kind: ChannelKind;
  readonly name: string;
  readonly destination: Destination;
  readonly enabled: boolean;
}

/** What is left out stays as it is. */
export interface ChangeChannel {
  readonly organizationId: string;
  readonly channelId: string;
  readonly name?: string | undefined;
  readonly destination: Destination;
  readonly enabled?: boolean | undefined;
}

@Injectable()
export class ChangeChannels {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
    private readonly records: ChannelRepository,
    private readonly rules: RuleRepository,
    private readonly events: ReadEvents,
    private readonly notifications: NotificationRepository,
    private readonly settings: SealedSettings,
    private readonly channels: Channels,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws channel_not_configured, validation_failed, url_not_allowed, limit_exceeded */
  async create(
    command: CreateChannel,
    idempotencyKey: string | null,
    answer: (channel: Channel) => Reply,
  ): Promise<Reply> {
    const { organizationId, kind, destination, enabled } = command;
    const settings = this.channels.settingsOf(kind, destination);
    const request = { organizationId, operation: 'notification-channels.create', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      await this.records.lockSettings(tx, organizationId);
      if ((await this.records.count(tx, organizationId)) >= MAX_CHANNELS) throw tooMany('channels', MAX_CHANNELS);
      const row = { id: newId(), organizationId, kind, name: normalizeText(command.name), enabled };
      const times = await this.records.insert(tx, { ...row, settingsSealed: this.settings.seal(row, settings) });
      const channel = { ...row, ...times, settings };
      this.record(tx, channel, { action: 'notification_channel.created', after: channelState(channel) });
      return answer(channel);
    });
  }

  /** @throws not_found, channel_not_configured, validation_failed, url_not_allowed */
  async change({ organizationId, channelId, name, destination, enabled }: ChangeChannel): Promise<Channel> {
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const record = await this.records.lock(tx, organizationId, channelId);
      if (!record) throw notFound('notification channel');
      const before = this.settings.open(record);
      const settings = this.changedSettings(before, destination);
      const changed = {
        ...before,
        settings: settings ?? before.settings,
        name: name === undefined ? before.name : normalizeText(name),
        enabled: enabled ?? before.enabled,
      };
      const settingsSealed = settings === null ? record.settingsSealed : this.settings.seal(before, settings);
      const updatedAt = await this.records.update(tx, { ...changed, settingsSealed });
      if (!before.enabled && changed.enabled) await this.startRules(tx, before);
      this.record(tx, changed, {
        action: 'notification_channel.changed',
        before: channelState(before),
        after: { ...channelState(changed), leads_elsewhere: settings !== null },
      });
      return { ...changed, updatedAt };
    });
  }

  /** With its rules. What was to be sent to it is not sent any more; what was, stays in the list. @throws not_found */
  async delete(organizationId: string, channelId: string): Promise<void> {
    await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const channel = await this.records.lock(tx, organizationId, channelId);
      if (!channel) throw notFound('notification channel');
      for (const ruleId of await this.rules.deleteOfChannel(tx, organizationId, channelId)) {
        const resource = { type: 'notification_rule', id: ruleId } as const;
        this.audit.record(tx, { organizationId, action: 'notification_rule.deleted', resource });
      }
      const withdrawn = await this.notifications.failWaiting(tx, organizationId, channelId, 'channel_deleted');
      await this.records.delete(tx, channelId);
      this.record(tx, channel, { action: 'notification_channel.deleted', after: { withdrawn } });
    });
  }

  /** Of what happened while it was switched off nobody is told, also where it has not been looked at yet. */
  private async startRules(tx: Tx, { organizationId, id }: Channel): Promise<void> {
    const head = await this.events.head(tx, organizationId);
    await this.rules.startOfChannel(tx, organizationId, id, head);
  }

  /** Null when it leads where it did. */
  private changedSettings({ kind }: Channel, destination: Destination): ChannelSettings | null {
    const isNamed = destination.recipients !== undefined || destination.url !== undefined;
    return isNamed ? this.channels.settingsOf(kind, destination) : null;
  }

  private record(
    tx: Tx,
    { id, organizationId }: Pick<Channel, 'id' | 'organizationId'>,
    note: Pick<Parameters<AuditTrail['record']>[1], 'action' | 'before' | 'after'>,
  ): void {
    this.audit.record(tx, { organizationId, resource: { type: 'notification_channel', id }, ...note });
  }
}
