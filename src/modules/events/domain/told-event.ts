import type { Event } from './event.js';

/** An event on the wire: in `GET /events`, and as the body of its deliveries. */
export interface ToldEvent {
  id: string;
  type: Event['type'];
  sequence: number;
  occurred_at: string;
  organization_id: string;
  data: object;
}

export function toldEvent(event: Event): ToldEvent {
  const { id, type, sequence, occurredAt, organizationId, data } = event;
  return { id, type, sequence, occurred_at: occurredAt.toISOString(), organization_id: organizationId, data };
}
