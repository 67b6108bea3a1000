export const ENDPOINT_STATUSES = ['enabled', 'disabled'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** `asked`: by its organization. `gone`: it answered 410. `failing`: no delivery has succeeded for days. */
export const DISABLED_REASONS = ['asked', 'gone', 'failing'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** Of which events an endpoint is told: of those after `startSequence`, but for those in its last pause. */
export interface ToldPeriod {
  readonly startSequence: number;
  /** The organization's last event when it was disabled; null: it never was. */
  readonly stopSequence: number | null;
  /** The last event when it was enabled again; null: it was not. */
  readonly resumeSequence: number | null;
}

export interface WebhookEndpoint extends ToldPeriod {
  readonly id: string;
  readonly organizationId: string;
  readonly url: string;
  readonly description: string;
  /** A type, all of a noun (`transfer.*`), or all there are (`*`). */
  readonly types: readonly string[];
  /** Whether it is told of single lines. */
  readonly lineEvents: boolean;
  /** One delivery at a time, in the order of the events. */
  readonly ordered: boolean;
  readonly maxConcurrency: number;
  readonly status: EndpointStatus;
  /** Null while it is enabled. */
  readonly disabledReason: DisabledReason | null;
  /** Of a one-off endpoint: the bulk request whose `callback_url` it is. */
  readonly bulkId: string | null;
  readonly failingSince: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
}

/** What a caller may choose about an endpoint. */
export interface EndpointChoices {
  readonly url: string;
  readonly description: string;
  readonly types: readonly string[];
  readonly lineEvents: boolean;
  readonly ordered: boolean;
  readonly maxConcurrency: number;
}

/** @param head the organization's last event now */
export function stopped({ startSequence, resumeSequence }: ToldPeriod, head: number): ToldPeriod {
  // One pause is remembered: before the last one there is nothing left to tell, unless nobody has looked at events for two of them.
  return { startSequence: resumeSequence ?? startSequence, stopSequence: head, resumeSequence: null };
}

/** @param head the organization's last event now */
export const resumed = ({ startSequence, stopSequence }: ToldPeriod, head: number): ToldPeriod => ({
  startSequence,
  stopSequence,
  resumeSequence: head,
});

export function isToldOf({ startSequence, stopSequence, resumeSequence }: ToldPeriod, sequence: number): boolean {
  if (sequence <= startSequence) return false;
  if (stopSequence === null || sequence <= stopSequence) return true;
  return resumeSequence !== null && sequence > resumeSequence;
}

/** How often an endpoint may be tested: a test is a request to somebody, too. */
export const TEST_PAUSE_SECONDS = 10;

/** What the audit log says about it. Of the URL only where it leads: there may be a secret in the rest. */
export const endpointState = ({ url, ...endpoint }: WebhookEndpoint) => ({
  origin: new URL(url).origin,
  types: endpoint.types,
  line_events: endpoint.lineEvents,
  ordered: endpoint.ordered,
  max_concurrency: endpoint.maxConcurrency,
  status: endpoint.status,
});
