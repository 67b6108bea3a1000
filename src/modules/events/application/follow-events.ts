import { Injectable } from '@nestjs/common';
import {
  Database,
  DISCOVERY,
  isTransient,
  ofOrganization,
  type Queryable,
  type Tx,
  UnitOfWork,
} from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Metrics } from '../../../platform/metrics/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import type { Event } from '../domain/event.js';
import type { EventType } from '../domain/event-type.js';
import { EventCursorRepository } from '../persistence/event-cursor.repository.js';
import { EventRepository } from '../persistence/event.repository.js';
import { ReadEvents } from './read-events.js';

/** Somebody who has to see every event exactly once: whoever tells others of them. */
export interface EventConsumer {
  /** Its place in every organization's log is kept under it: never changed. */
  readonly name: string;
  /**
   * Which events it wants of an organization; null for none at the moment, and then they are passed over for good.
   *
   * @param after the last event it has seen
   */
  interest(on: Queryable, organizationId: string, after: number): Promise<ReadonlySet<EventType> | null>;
  /** Writes down what has to be done about them, in the transaction that counts them as seen. In order; at least one. */
  handle(tx: Tx, organizationId: string, events: readonly Event[]): Promise<void>;
}

const logger = createLogger('events');

const POLL_INTERVAL_MS = 1_000;
const ORGANIZATIONS_PER_TURN = 50;
const EVENTS_PER_STEP = 500;

/** Shows the events of every organization to every consumer: in order, each once, whatever dies in between. */
@Injectable()
export class FollowEvents {
  private readonly names = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: EventCursorRepository,
    private readonly repository: EventRepository,
    private readonly events: ReadEvents,
    private readonly loops: Loops,
    private readonly metrics: Metrics,
  ) {}

  /** Who has to see every event. */
  get consumers(): readonly string[] {
    return [...this.names];
  }

  /** Called when the process starts. */
  add(consumer: EventConsumer): void {
    this.names.add(consumer.name);
    const restsUntil = new Map<string, number>();
    this.loops.add({
      name: `events-for-${consumer.name}`,
      intervalMs: POLL_INTERVAL_MS,
      wakesOn: 'events',
      run: () => this.turn(consumer, restsUntil),
    });
    this.metrics.gauge({
      name: `events_unseen_by_${consumer.name}`,
      help: `Events of all organizations that ${consumer.name} have not looked at yet.`,
      collect: async (gauge) => gauge.set(await this.cursors.lag(this.database.as(DISCOVERY), consumer.name)),
    });
  }

  private async turn(consumer: EventConsumer, restsUntil: Map<string, number>): Promise<boolean> {
    const behind = await this.cursors.listBehind(this.database.as(DISCOVERY), consumer.name, ORGANIZATIONS_PER_TURN);
    const due = behind.filter((organizationId) => (restsUntil.get(organizationId) ?? 0) <= Date.now());
    let hasMore = due.length > 0 && behind.length === ORGANIZATIONS_PER_TURN;
    for (const organizationId of due) {
      restsUntil.delete(organizationId);
      try {
        if (await this.step(consumer, organizationId)) hasMore = true;
      } catch (error) {
        if (isTransient(error)) throw error;
        // The others do not wait for it, and nobody runs in circles.
        restsUntil.set(organizationId, Date.now() + POLL_INTERVAL_MS);
        const failed = { consumer: consumer.name, organization_id: organizationId, err: error };
        logger.error({ event: 'event_consumer_failed', ...failed });
      }
    }
    return hasMore;
  }

  /** True when there is more of this organization, and nobody else is at it. */
  private async step(consumer: EventConsumer, organizationId: string): Promise<boolean> {
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const after = await this.cursors.lock(tx, consumer.name, organizationId);
      if (after === null) return false;
      // Before it is asked: what happens while nobody is interested is passed over, what happens from then on is not.
      const head = await this.repository.findHead(tx, organizationId);
      const types = await consumer.interest(tx, organizationId, after);
      if (types === null) {
        await this.cursors.advance(tx, consumer.name, organizationId, head);
        return false;
      }
      // Not beyond: what happened after somebody else became interested would be passed over.
      const query = { after, types, limit: EVENTS_PER_STEP, upTo: head };
      const page = await this.events.next(tx, organizationId, query);
      if (page.events.length > 0) await consumer.handle(tx, organizationId, page.events);
      await this.cursors.advance(tx, consumer.name, organizationId, page.lastSequence);
      return page.hasMore;
    });
  }
}
