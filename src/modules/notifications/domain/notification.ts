import type { ChannelKind } from './channel.js';
import type { PartlyTaken } from './partly-taken.js';
import type { Severity } from './severity.js';

/** `pending` waits for its next attempt, `sending` is with a worker; `sent` and `failed` are over, unless somebody has it sent again. */
export const NOTIFICATION_STATUSES = ['pending', 'sending', 'sent', 'failed'] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

export interface Notification {
  readonly id: string;
  readonly organizationId: string;
  readonly channelId: string;
  readonly channelKind: ChannelKind;
  /** Null when somebody tried the channel out; so are the event, its type and its number. */
  readonly ruleId: string | null;
  readonly eventId: string | null;
  readonly eventType: string | null;
  /** Of the first event it is about. */
  readonly sequence: number | null;
  readonly eventCount: number;
  readonly severity: Severity;
  readonly status: NotificationStatus;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly lastFailure: string | null;
  readonly partlyTaken: PartlyTaken | null;
  readonly resends: number;
  readonly subject: string;
  readonly body: string;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
}

/** What was sent may have got lost behind the server that took it, so that can be sent again, too. */
export const canBeResent = (status: NotificationStatus): boolean => status === 'sent' || status === 'failed';

/** The same with every attempt, and another one for each time that somebody has it sent again: it is meant to arrive once more. */
export const messageId = ({ id, resends }: Pick<Notification, 'id' | 'resends'>): string => `${id}.${resends}`;
