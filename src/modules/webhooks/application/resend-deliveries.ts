import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import type { Tx } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { AuditTrail } from '../../audit/index.js';
import { deliveryUnderWay, endpointNotEnabled } from '../domain/webhook.errors.js';
import type { ResendRange, Resent, WebhookDelivery } from '../domain/webhook-delivery.js';
import { DeliveryRepository } from '../persistence/delivery.repository.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';

/** Of one request. */
export const RESENT_AT_ONCE = 5_000;

/** Sends again what was sent, or given up: the same event, under the same id. */
@Injectable()
export class ResendDeliveries {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly deliveries: DeliveryRepository,
    private readonly endpoints: EndpointRepository,
    private readonly audit: AuditTrail,
    private readonly wake: Wake,
  ) {}

  /** @throws not_found; invalid_state when it is being sent, or its endpoint is not enabled */
  async one(
    { organizationId, deliveryId }: { organizationId: string; deliveryId: string },
    idempotencyKey: string | null,
    answer: (delivery: WebhookDelivery) => Reply,
  ): Promise<Reply> {
    const body = { webhook_delivery_id: deliveryId };
    const request = { organizationId, operation: 'webhook-deliveries.resend', key: idempotencyKey, body };
    return this.idempotency.run(request, async (tx) => {
      const known = await this.deliveries.find(tx, organizationId, deliveryId);
      if (!known) throw notFound('webhook delivery');
      await this.lockEnabled(tx, organizationId, known.endpointId);
      const resent = await this.deliveries.resend(tx, organizationId, deliveryId);
      if (!resent) throw deliveryUnderWay('delivering');
      this.audit.record(tx, {
        organizationId,
        action: 'webhook_delivery.resent',
        resource: { type: 'webhook_delivery', id: deliveryId },
        before: { status: known.status },
        after: { webhook_endpoint_id: known.endpointId, event_id: known.eventId },
      });
      tx.afterCommit(() => this.wake.notify('webhooks'));
      return answer(resent);
    });
  }

  /**
   * The first of a range, as many as one transaction may hold back what else happens to their endpoint. What is being sent at this moment
   * is left out. @throws not_found, invalid_state
   */
  async range(
    { organizationId, range }: { organizationId: string; range: ResendRange },
    idempotencyKey: string | null,
    answer: (resent: Resent) => Reply,
  ): Promise<Reply> {
    const told = { ...range, from: range.from?.toISOString() ?? null, to: range.to?.toISOString() ?? null };
    const request = { organizationId, operation: 'webhook-deliveries.resend-range', key: idempotencyKey, body: told };
    return this.idempotency.run(request, async (tx) => {
      await this.lockEnabled(tx, organizationId, range.endpointId);
      const resent = await this.deliveries.resendRange(tx, organizationId, range, RESENT_AT_ONCE);
      this.audit.record(tx, {
        organizationId,
        action: 'webhook_delivery.resent',
        resource: { type: 'webhook_endpoint', id: range.endpointId },
        after: {
          deliveries: resent.count,
          statuses: range.statuses,
          from_sequence: range.fromSequence,
          to_sequence: range.toSequence,
          from: told.from,
          to: told.to,
        },
      });
      tx.afterCommit(() => this.wake.notify('webhooks'));
      return answer(resent);
    });
  }

  private async lockEnabled(tx: Tx, organizationId: string, endpointId: string): Promise<void> {
    const endpoint = await this.endpoints.lock(tx, organizationId, endpointId);
    if (!endpoint) throw notFound('webhook endpoint');
    if (endpoint.status !== 'enabled') throw endpointNotEnabled('disabled');
  }
}
