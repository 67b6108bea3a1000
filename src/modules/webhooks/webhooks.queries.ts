import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
import { Database } from '../../platform/database/index.js';
import { newestFirst, type Page, type PageQuery } from '../../platform/http/index.js';
import { WebhookSecrets } from './application/webhook-secrets.js';
import type { DeliveryFilter, WebhookAttempt, WebhookDelivery } from './domain/webhook-delivery.js';
import type { WebhookEndpoint } from './domain/webhook-endpoint.js';
import type { SecretTimes } from './domain/webhook-secret.js';
import { DeliveryRepository } from './persistence/delivery.repository.js';
import { EndpointRepository } from './persistence/endpoint.repository.js';

@Injectable()
export class WebhooksQueries {
  constructor(
    private readonly database: Database,
    private readonly endpoints: EndpointRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly secrets: WebhookSecrets,
  ) {}

  /** @throws not_found */
  async getEndpoint(organizationId: string, id: string): Promise<WebhookEndpoint> {
    const endpoint = await this.endpoints.find(this.database.of(organizationId), organizationId, id);
    if (!endpoint) throw notFound('webhook endpoint');
    return endpoint;
  }

  /** @param filter bulkId null: without one-off endpoints */
  listEndpoints(
    filter: { organizationId: string; bulkId: string | null },
    page: PageQuery,
  ): Promise<Page<WebhookEndpoint>> {
    const on = this.database.of(filter.organizationId);
    return newestFirst(page, (limit, beforeId) => this.endpoints.list(on, filter, limit, beforeId));
  }

  /** The organization's own secret, that callback URLs are signed with, and the one before it; none before the first callback. */
  defaultSecrets(organizationId: string): Promise<SecretTimes[]> {
    return this.secrets.times(this.database.of(organizationId), { organizationId, endpointId: null });
  }

  listDeliveries(filter: DeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>> {
    const on = this.database.of(filter.organizationId);
    return newestFirst(page, (limit, beforeId) => this.deliveries.list(on, filter, limit, beforeId));
  }

  /** @throws not_found */
  async getDelivery(
    organizationId: string,
    id: string,
  ): Promise<{ delivery: WebhookDelivery; attempts: WebhookAttempt[] }> {
    const on = this.database.of(organizationId);
    const delivery = await this.deliveries.find(on, organizationId, id);
    if (!delivery) throw notFound('webhook delivery');
    return { delivery, attempts: await this.deliveries.listAttempts(on, id) };
  }
}
