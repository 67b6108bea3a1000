import type { ChannelKind } from './channel.js';
import { gatherIdOf } from './gathering.js';
import type { OpenedRule } from './notification-rule.js';
import { type Severity, severityOf } from './severity.js';
import type { ToldEvent } from './told-event.js';

/** A notification that events make, before anybody knows whether one of its kind waits already. */
export interface Draft {
  readonly ruleId: string;
  readonly channelId: string;
  readonly channelKind: ChannelKind;
  readonly severity: Severity;
  readonly gatherId: string | null;
  /** Gives it its number. */
  readonly first: ToldEvent;
  /** What is told: of several events, the last. */
  readonly latest: ToldEvent;
  readonly count: number;
}

/** What drafts and waiting notifications are matched by. */
export const gatheringKey = (one: { ruleId: string; eventType: string; gatherId: string | null }): string =>
  `${one.ruleId} ${one.eventType} ${one.gatherId}`;

/** One for each rule and event, in order; of those that are gathered, one for each rule, type, and what they have in common. */
export function draftsOf(rules: readonly OpenedRule[], events: readonly ToldEvent[]): Draft[] {
  const gathered = new Map<string, number>();
  const drafts: Draft[] = [];
  for (const event of events) {
    const gatherId = gatherIdOf(event);
    for (const rule of rules) {
      if (event.sequence <= rule.startSequence || !rule.eventTypes.has(event.type)) continue;
      const key = gatheringKey({ ruleId: rule.id, eventType: event.type, gatherId });
      const at = gatherId === null ? undefined : gathered.get(key);
      const begun = at === undefined ? undefined : drafts[at];
      if (at !== undefined && begun) drafts[at] = { ...begun, latest: event, count: begun.count + 1 };
      else {
        gathered.set(key, drafts.length);
        drafts.push(draftOf(rule, event, gatherId));
      }
    }
  }
  return drafts;
}

const draftOf = (
  { id: ruleId, channelId, channelKind }: OpenedRule,
  event: ToldEvent,
  gatherId: string | null,
): Draft => ({
  ruleId,
  channelId,
  channelKind,
  severity: severityOf(event.type),
  gatherId,
  first: event,
  latest: event,
  count: 1,
});
