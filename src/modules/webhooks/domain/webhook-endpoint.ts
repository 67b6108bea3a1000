export const ENDPOINT_STATUSES = ['enabled', 'disabled'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** `asked`: by its organization. `gone`: it answered 410. `failing`: no delivery has succeeded for days. */
export const DISABLED_REASONS = ['asked', 'gone', 'failing'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

export interface WebhookEndpoint {
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
  /** The number of the last event before it was made, or enabled again: of these it is not told. */
  readonly startSequence: number;
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

/** What the audit log says about it. Of the URL only where it leads: there may be a secret in the rest. */
export const endpointState = ({ url, ...endpoint }: WebhookEndpoint) => ({
  origin: new URL(url).origin,
  types: endpoint.types,
  line_events: endpoint.lineEvents,
  ordered: endpoint.ordered,
  max_concurrency: endpoint.maxConcurrency,
  status: endpoint.status,
});
