export const DELIVERY_STATUSES = ['pending', 'delivering', 'succeeded', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Why there was no answer, or no attempt. */
export type DeliveryFailure =
  /** The receiver's name, address or connection: as platform/outbound says it. */
  | 'address_not_allowed'
  | 'dns_failure'
  | 'connection_failed'
  | 'tls_error'
  | 'timed_out'
  | 'connection_lost'
  | 'answer_too_large'
  /** The event is no longer in the log. */
  | 'event_purged'
  | 'endpoint_deleted'
  /** The secret does not open under any key of the installation. */
  | 'secret_unreadable'
  /** The process that was sending it died, or could not write down what came of it. */
  | 'interrupted';

export interface WebhookDelivery {
  readonly id: string;
  readonly organizationId: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly sequence: number;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly attemptsInRound: number;
  readonly nextAttemptAt: Date;
  /** Of the last answer; null when there was none. */
  readonly lastStatusCode: number | null;
  readonly lastFailure: DeliveryFailure | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export interface WebhookAttempt {
  readonly attempt: number;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly statusCode: number | null;
  readonly failure: DeliveryFailure | null;
  /** Somebody asked for it. */
  readonly manual: boolean;
}

/** Null: not limited by it. */
export interface DeliveryFilter {
  readonly organizationId: string;
  readonly endpointId: string | null;
  readonly status: DeliveryStatus | null;
  readonly eventType: string | null;
}

/** Which deliveries of an endpoint are sent again. Null: not limited by it. */
export interface ResendRange {
  readonly endpointId: string;
  readonly fromSequence: number | null;
  readonly toSequence: number | null;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly statuses: readonly DeliveryStatus[];
}

/** What was sent again of a range. */
export interface Resent {
  readonly count: number;
  /** The first event of the range that was not: as many as one request may send again came before it. Null when there is none. */
  readonly nextSequence: number | null;
}
