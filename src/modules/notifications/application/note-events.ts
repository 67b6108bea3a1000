import { Injectable, type OnModuleInit } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { type Event, type EventConsumer, type EventType, FollowEvents, typesOf } from '../../events/index.js';
import { GATHER_MS } from '../domain/gathering.js';
import type { ActiveRule, OpenedRule } from '../domain/notification-rule.js';
import { type Draft, draftsOf, gatheringKey } from '../domain/plan-notifications.js';
import { isAtLeast, severityOf } from '../domain/severity.js';
import { render } from '../domain/templates/render.js';
import { type Gathering, GatheringRepository, type NewNotification } from '../persistence/gathering.repository.js';
import { RuleRepository } from '../persistence/rule.repository.js';

/** Writes down, for every event, who is to be told of it. */
@Injectable()
export class NoteEvents implements EventConsumer, OnModuleInit {
  readonly name = 'notifications';

  constructor(
    private readonly follow: FollowEvents,
    private readonly rules: RuleRepository,
    private readonly notifications: GatheringRepository,
    private readonly wake: Wake,
  ) {}

  onModuleInit(): void {
    this.follow.add(this);
  }

  async interest(on: Queryable, organizationId: string): Promise<ReadonlySet<EventType> | null> {
    const rules = await this.rules.listActive(on, organizationId);
    const types = new Set(rules.flatMap((rule) => [...typesAskedFor(rule)]));
    return types.size === 0 ? null : types;
  }

  async handle(tx: Tx, organizationId: string, events: readonly Event[]): Promise<void> {
    const rules = await this.rules.listActive(tx, organizationId);
    const drafts = draftsOf(rules.map(opened), events);
    if (drafts.length === 0) return;
    const waiting = await this.waitingFor(tx, organizationId, drafts);
    const grown = drafts.flatMap((draft) => grownBy(draft, waiting.get(keyOf(draft))));
    const begun = drafts.filter((draft) => !waiting.has(keyOf(draft)));
    if (grown.length > 0) await this.notifications.grow(tx, grown);
    if (begun.length > 0) await this.notifications.insert(tx, organizationId, begun.map(notificationOf));
    tx.afterCommit(() => this.wake.notify('notifications'));
  }

  private async waitingFor(
    tx: Tx,
    organizationId: string,
    drafts: readonly Draft[],
  ): Promise<ReadonlyMap<string, Gathering>> {
    const kinds = drafts.flatMap(({ ruleId, first, gatherId }) =>
      gatherId === null ? [] : [{ ruleId, eventType: first.type, gatherId }],
    );
    const found = kinds.length === 0 ? [] : await this.notifications.lock(tx, organizationId, kinds);
    return new Map(found.map((one) => [gatheringKey(one), one]));
  }
}

const typesAskedFor = ({ types, minimumSeverity }: ActiveRule): ReadonlySet<EventType> =>
  new Set([...typesOf(types)].filter((type) => isAtLeast(severityOf(type), minimumSeverity)));

const opened = (rule: ActiveRule): OpenedRule => ({
  id: rule.id,
  channelId: rule.channelId,
  channelKind: rule.channelKind,
  startSequence: rule.startSequence,
  eventTypes: typesAskedFor(rule),
});

const keyOf = ({ ruleId, first, gatherId }: Draft): string => gatheringKey({ ruleId, eventType: first.type, gatherId });

/** What waits already tells of these, too. */
function grownBy(
  { latest, count }: Draft,
  waiting: Gathering | undefined,
): { id: string; eventCount: number; subject: string; body: string }[] {
  if (!waiting) return [];
  const eventCount = waiting.eventCount + count;
  const { subject, text: body } = render(latest, eventCount);
  return [{ id: waiting.id, eventCount, subject, body }];
}

function notificationOf(draft: Draft): NewNotification {
  const { ruleId, channelId, channelKind, severity, gatherId, first, latest, count } = draft;
  const { subject, text: body } = render(latest, count);
  return {
    id: newId(),
    channelId,
    channelKind,
    ruleId,
    eventId: first.id,
    eventType: first.type,
    sequence: first.sequence,
    gatherId,
    eventCount: count,
    severity,
    waitMs: gatherId === null ? 0 : GATHER_MS,
    subject,
    body,
  };
}
