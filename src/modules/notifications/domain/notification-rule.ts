import type { ChannelKind } from './channel.js';
import type { Severity } from './severity.js';

/** Which events a channel is told of. */
export interface NotificationRule {
  readonly id: string;
  readonly organizationId: string;
  readonly channelId: string;
  /** Event types, all of a noun (`bulk_request.*`), or all (`*`). */
  readonly types: readonly string[];
  readonly minimumSeverity: Severity;
  readonly enabled: boolean;
  /** The organization's last event when it was made, or when it or its channel was switched on again: it holds for what comes after. */
  readonly startSequence: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type ActiveRule = Pick<NotificationRule, 'id' | 'channelId' | 'types' | 'minimumSeverity' | 'startSequence'> & {
  readonly channelKind: ChannelKind;
};

/** A rule whose filters have been opened into what they mean. */
export interface OpenedRule {
  readonly id: string;
  readonly channelId: string;
  readonly channelKind: ChannelKind;
  readonly startSequence: number;
  readonly eventTypes: ReadonlySet<string>;
}
