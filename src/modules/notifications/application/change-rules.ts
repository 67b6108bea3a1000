import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { newId } from '../../../domain/ids.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { AuditTrail } from '../../audit/index.js';
import { ReadEvents } from '../../events/index.js';
import { ruleState } from '../domain/audit-state.js';
import { MAX_RULES } from '../domain/channel.js';
import { ruleViolations, tooMany, unknownChannel } from '../domain/notification.errors.js';
import type { NotificationRule } from '../domain/notification-rule.js';
import type { Severity } from '../domain/severity.js';
import { ChannelRepository } from '../persistence/channel.repository.js';
import { RuleRepository } from '../persistence/rule.repository.js';

export interface CreateRule {
  readonly organizationId: string;
  readonly channelId: string;
  /** Filters as the events module has them. */
  readonly types: readonly string[];
  readonly minimumSeverity: Severity;
  readonly enabled: boolean;
}

/** What is left out stays as it is. */
export interface ChangeRule {
  readonly organizationId: string;
  readonly ruleId: string;
  readonly types?: readonly string[] | undefined;
  readonly minimumSeverity?: Severity | undefined;
  readonly enabled?: boolean | undefined;
}

@Injectable()
export class ChangeRules {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
    private readonly channels: ChannelRepository,
    private readonly rules: RuleRepository,
    private readonly events: ReadEvents,
    private readonly audit: AuditTrail,
  ) {}

  /** Holds for what happens from now on. @throws validation_failed, limit_exceeded */
  async create(
    command: CreateRule,
    idempotencyKey: string | null,
    answer: (rule: NotificationRule) => Reply,
  ): Promise<Reply> {
    const { organizationId, channelId } = command;
    const request = { organizationId, operation: 'notification-rules.create', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      await this.channels.lockSettings(tx, organizationId);
      // Locked: a channel that is being deleted takes its rules with it, and this would be one more.
      const channel = await this.channels.lock(tx, organizationId, channelId.toLowerCase());
      if (!channel) throw ruleViolations(unknownChannel());
      if ((await this.rules.count(tx, organizationId)) >= MAX_RULES) throw tooMany('rules', MAX_RULES);
      const types = [...new Set(command.types)];
      const startSequence = await this.events.head(tx, organizationId);
      const chosen = { ...command, channelId: channel.id, types, startSequence };
      const rule = await this.rules.insert(tx, { ...chosen, id: newId() });
      this.record(tx, rule, { action: 'notification_rule.created', after: ruleState(rule) });
      return answer(rule);
    });
  }

  /** @throws not_found */
  async change({ organizationId, ruleId, types, minimumSeverity, enabled }: ChangeRule): Promise<NotificationRule> {
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const before = await this.lockOwn(tx, organizationId, ruleId);
      // Of what happened while it was switched off nobody is told, also where it has not been looked at yet.
      const isBack = !before.enabled && enabled === true;
      const after = await this.rules.update(tx, {
        id: ruleId,
        startSequence: isBack ? await this.events.head(tx, organizationId) : before.startSequence,
        types: types === undefined ? before.types : [...new Set(types)],
        minimumSeverity: minimumSeverity ?? before.minimumSeverity,
        enabled: enabled ?? before.enabled,
      });
      const change = { before: ruleState(before), after: ruleState(after) };
      this.record(tx, after, { action: 'notification_rule.changed', ...change });
      return after;
    });
  }

  /** What it has made is still sent. @throws not_found */
  async delete(organizationId: string, ruleId: string): Promise<void> {
    await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const rule = await this.lockOwn(tx, organizationId, ruleId);
      await this.rules.delete(tx, ruleId);
      this.record(tx, rule, { action: 'notification_rule.deleted', before: ruleState(rule) });
    });
  }

  private async lockOwn(tx: Tx, organizationId: string, ruleId: string): Promise<NotificationRule> {
    const rule = await this.rules.lock(tx, organizationId, ruleId);
    if (!rule) throw notFound('notification rule');
    return rule;
  }

  private record(
    tx: Tx,
    { id, organizationId }: NotificationRule,
    note: Pick<Parameters<AuditTrail['record']>[1], 'action' | 'before' | 'after'>,
  ): void {
    this.audit.record(tx, { organizationId, resource: { type: 'notification_rule', id }, ...note });
  }
}
