import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '../../src/domain/ids.js';
import { EventLog } from '../../src/modules/events/index.js';
import type { DeliveryStatus, WebhookAttempt } from '../../src/modules/webhooks/domain/webhook-delivery.js';
import type { EndpointChoices, WebhookEndpoint } from '../../src/modules/webhooks/domain/webhook-endpoint.js';
import { WebhooksQueries } from '../../src/modules/webhooks/webhooks.queries.js';
import { WebhooksService } from '../../src/modules/webhooks/webhooks.service.js';
import { ofOrganization, UnitOfWork } from '../../src/platform/database/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { eventually } from './eventually.js';

export interface MadeEndpoint {
  readonly id: string;
  readonly secret: string;
}

export interface Told {
  readonly id: string;
  readonly sequence: number;
  readonly status: DeliveryStatus;
  readonly attempts: number;
}

/** Webhooks as an organization has them, over the services the API stands on. */
export interface WebhookSteps {
  endpoint(url: string, choices?: Partial<EndpointChoices>): Promise<MadeEndpoint>;
  get(endpointId: string): Promise<WebhookEndpoint>;
  /** Something happens, so many times: accounts are said to be opened. Their ids. */
  happen(times?: number): Promise<string[]>;
  /** Deliveries to an endpoint, in the order of the events. */
  deliveries(endpointId: string): Promise<Told[]>;
  attempts(deliveryId: string): Promise<WebhookAttempt[]>;
  /** Waits until as many deliveries as that have this status. */
  until(endpointId: string, status: DeliveryStatus, count?: number): Promise<Told[]>;
}

const DEFAULTS: Omit<EndpointChoices, 'url'> = {
  ...{ description: '', types: ['*'], lineEvents: true, ordered: false, maxConcurrency: 5 },
};

export function webhooksOf(app: INestApplicationContext, organizationId: string): WebhookSteps {
  const service = app.get(WebhooksService, { strict: false });
  const queries = app.get(WebhooksQueries, { strict: false });
  const deliveries = async (endpointId: string): Promise<Told[]> => {
    const filter = { organizationId, endpointId, status: null, eventType: null };
    const { data } = await queries.listDeliveries(filter, { limit: 100 });
    return [...data].sort((a, b) => a.sequence - b.sequence);
  };
  return {
    endpoint: async (url, choices = {}) => {
      let secret = '';
      const reply = await service.create({ organizationId, ...DEFAULTS, ...choices, url }, null, (made, shown) => {
        secret = shown ?? secret;
        return Reply.of(201, { id: made.id });
      });
      return { id: (JSON.parse(reply.json) as { id: string }).id, secret };
    },
    get: (endpointId) => queries.getEndpoint(organizationId, endpointId),
    happen: async (times = 1) => {
      const ids = Array.from({ length: times }, () => newId());
      await app.get(UnitOfWork).run(ofOrganization(organizationId), async (tx) => {
        for (const id of ids) {
          app.get(EventLog, { strict: false }).record(tx, {
            organizationId,
            type: 'account.opened',
            subjectId: id,
            data: { account_id: id, currency: 'EUR', status: 'active' },
          });
        }
      });
      return ids;
    },
    deliveries,
    attempts: async (deliveryId) => (await queries.getDelivery(organizationId, deliveryId)).attempts,
    until: async (endpointId, status, count = 1) =>
      eventually(
        async () => {
          const told = await deliveries(endpointId);
          const there = told.filter((delivery) => delivery.status === status);
          if (there.length < count) throw new Error(`there are ${JSON.stringify(told.map((one) => one.status))}`);
          return told;
        },
        { what: `${count} deliveries to be ${status}` },
      ),
  };
}
