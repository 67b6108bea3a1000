import { Injectable, type OnModuleInit } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { type Event, type EventConsumer, type EventType, FollowEvents, typesOf } from '../../events/index.js';
import { CALLBACK_TYPES, hears, heardTypes, type Listener } from '../domain/fan-out.js';
import { DeliveryRepository, type NewDelivery } from '../persistence/delivery.repository.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';

/** Of all one-off endpoints together, as far as what they hear of is concerned. */
const ANY_CALLBACK = { lineEvents: true, types: CALLBACK_TYPES };

/** Sees every event once, in order, and makes a delivery of it for every endpoint that is to be told. */
@Injectable()
export class FanOutEvents implements EventConsumer, OnModuleInit {
  readonly name = 'webhooks';

  constructor(
    private readonly follow: FollowEvents,
    private readonly endpoints: EndpointRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly wake: Wake,
  ) {}

  onModuleInit(): void {
    this.follow.add(this);
  }

  /** Also of endpoints that were disabled since: they are told of what happened before. */
  async interest(on: Queryable, organizationId: string, after: number): Promise<ReadonlySet<EventType> | null> {
    const listeners: Pick<Listener, 'lineEvents' | 'types'>[] = await this.endpoints.listListeners(
      on,
      organizationId,
      after,
    );
    if (await this.endpoints.hasOneOff(on, organizationId, after)) listeners.push(ANY_CALLBACK);
    return listeners.length === 0 ? null : heardTypes(listeners, typesOf);
  }

  async handle(tx: Tx, organizationId: string, events: readonly Event[]): Promise<void> {
    const after = Math.min(...events.map(({ sequence }) => sequence)) - 1;
    const subjects = [...new Set(events.map(({ subjectId }) => subjectId))];
    const listeners = [
      ...(await this.endpoints.listListeners(tx, organizationId, after)),
      ...(await this.endpoints.listOneOff(tx, subjects, after)),
    ].map((listener) => ({ listener, types: typesOf(listener.types) }));
    const deliveries: NewDelivery[] = events.flatMap((event) =>
      listeners
        .filter(({ listener, types }) => hears(listener, types, event))
        .map(({ listener: { id: endpointId } }) => ({
          id: newId(),
          endpointId,
          eventId: event.id,
          eventType: event.type,
          sequence: event.sequence,
        })),
    );
    if (deliveries.length === 0) return;
    await this.deliveries.insert(tx, organizationId, deliveries);
    tx.afterCommit(() => this.wake.notify('webhooks'));
  }
}
