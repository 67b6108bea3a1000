import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { Unsealable } from '../../../platform/encryption/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { OutboundClient, type OutboundRequest } from '../../../platform/outbound/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { type EventType, ReadEvents, toldEvent } from '../../events/index.js';
import type { AttemptResult } from '../domain/decide-delivery.js';
import { ClaimRepository } from '../persistence/claim.repository.js';
import { type BegunDelivery, DeliveryRepository } from '../persistence/delivery.repository.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';
import { type MadeAttempt, RecordDelivery } from './record-delivery.js';
import { signedRequest } from './sign-message.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** A delivery that was begun: what is sent, or why nothing can be. */
interface Prepared {
  readonly delivery: BegunDelivery;
  readonly request: OutboundRequest | Extract<AttemptResult, { kind: 'failed' }>;
}

const logger = createLogger('webhooks');

/** Sends one event to one endpoint, once, and writes down what came of it. */
@Injectable()
export class DeliverWebhook {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deliveries: DeliveryRepository,
    private readonly endpoints: EndpointRepository,
    private readonly claims: ClaimRepository,
    private readonly secrets: WebhookSecrets,
    private readonly events: ReadEvents,
    private readonly client: OutboundClient,
    private readonly recorder: RecordDelivery,
    private readonly wake: Wake,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async deliver(organizationId: string, deliveryId: string, claim: number): Promise<void> {
    const prepared = await this.unitOfWork.run(ofOrganization(organizationId), (tx) =>
      this.begin(tx, organizationId, deliveryId, claim),
    );
    if (prepared === null) return;
    // It waits with the others until the endpoint is enabled again.
    if (prepared === 'disabled') return this.claims.giveBack([{ id: deliveryId, organizationId, claim }]);
    const made = await this.attempt(prepared);
    await this.recorder.record(prepared.delivery, made);
    // There is room for another one.
    this.wake.notifyHere('webhooks');
  }

  /** Null when somebody else has it; `disabled` when its endpoint is, by now. */
  private async begin(
    tx: Tx,
    organizationId: string,
    id: string,
    claim: number,
  ): Promise<Prepared | 'disabled' | null> {
    const endpoint = await this.endpoints.findByDelivery(tx, id);
    if (endpoint?.status === 'disabled') return 'disabled';
    const delivery = await this.deliveries.begin(tx, id, claim, this.config.WEBHOOK_LEASE_MS);
    if (!delivery) return null;
    const failed = (failure: 'endpoint_deleted' | 'event_purged' | 'secret_unreadable'): Prepared => ({
      delivery,
      request: { kind: 'failed', failure },
    });
    if (!endpoint) return failed('endpoint_deleted');
    const { sequence, eventType } = delivery;
    const event = await this.events.find(tx, organizationId, { sequence, type: eventType as EventType });
    if (!event) return failed('event_purged');
    try {
      const owner = { organizationId, endpointId: endpoint.bulkId === null ? endpoint.id : null };
      const secrets = await this.secrets.signing(tx, owner);
      // Unsigned, nobody could tell it from anybody's.
      if (secrets.length === 0) return failed('secret_unreadable');
      const message = { id: event.id, body: JSON.stringify(toldEvent(event)) };
      return { delivery, request: signedRequest(endpoint.url, message, secrets, new Date()) };
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error;
      logger.error({ event: 'webhook_secret_unreadable', webhook_endpoint_id: endpoint.id, err: error });
      return failed('secret_unreadable');
    }
  }

  private async attempt({ request }: Prepared): Promise<MadeAttempt> {
    if ('kind' in request) return { result: request, durationMs: 0 };
    const outcome = await this.client.post(request);
    const { durationMs } = outcome;
    if (outcome.kind === 'failed') return { result: outcome, durationMs };
    const { status: statusCode, retryAfterMs } = outcome;
    return { result: { kind: 'answered', statusCode, retryAfterMs }, durationMs };
  }
}
