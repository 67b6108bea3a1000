import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { newId } from '../../../domain/ids.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { Unsealable } from '../../../platform/encryption/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { OutboundClient, type OutboundOutcome, type OutboundRequest } from '../../../platform/outbound/index.js';
import { AuditTrail } from '../../audit/index.js';
import { TEST_PAUSE_SECONDS, type WebhookEndpoint } from '../domain/webhook-endpoint.js';
import { testedTooOften } from '../domain/webhook.errors.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';
import { signedRequest } from './sign-message.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** What a receiver made of the message. */
export interface TestOutcome {
  readonly messageId: string;
  /** Whether it answered 2xx. */
  readonly isDelivered: boolean;
  readonly statusCode: number | null;
  readonly failure: string | null;
  readonly durationMs: number;
}

const UNREADABLE = { kind: 'failed', failure: 'secret_unreadable', durationMs: 0 } as const;

const logger = createLogger('webhooks');

/** Sends an endpoint a signed message that says nothing: no event of the log, and no delivery. */
@Injectable()
export class TestEndpoint {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly endpoints: EndpointRepository,
    private readonly secrets: WebhookSecrets,
    private readonly client: OutboundClient,
    private readonly audit: AuditTrail,
  ) {}

  /** Also one that is disabled. @throws not_found, rate_limited */
  async test(organizationId: string, endpointId: string): Promise<TestOutcome> {
    const messageId = `test_${newId().replaceAll('-', '')}`;
    const request = await this.unitOfWork.run(ofOrganization(organizationId), (tx) =>
      this.begin(tx, organizationId, endpointId, messageId),
    );
    const outcome: OutboundOutcome | typeof UNREADABLE = request ? await this.client.post(request) : UNREADABLE;
    const statusCode = outcome.kind === 'answered' ? outcome.status : null;
    const failure = outcome.kind === 'failed' ? outcome.failure : null;
    await this.unitOfWork.run(ofOrganization(organizationId), async (tx) =>
      this.audit.record(tx, {
        organizationId,
        action: 'webhook_endpoint.tested',
        resource: { type: 'webhook_endpoint', id: endpointId },
        after: { status_code: statusCode, failure },
      }),
    );
    const isDelivered = statusCode !== null && statusCode >= 200 && statusCode < 300;
    return { messageId, isDelivered, statusCode, failure, durationMs: Math.round(outcome.durationMs) };
  }

  /** What is sent; null when there is nothing to sign it with. */
  private async begin(
    tx: Tx,
    organizationId: string,
    endpointId: string,
    messageId: string,
  ): Promise<OutboundRequest | null> {
    const endpoint = await this.endpoints.lock(tx, organizationId, endpointId);
    if (!endpoint) throw notFound('webhook endpoint');
    const ageSeconds = await this.endpoints.noteTest(tx, endpointId);
    if (ageSeconds !== null && ageSeconds < TEST_PAUSE_SECONDS) {
      throw testedTooOften(Math.ceil(TEST_PAUSE_SECONDS - ageSeconds));
    }
    try {
      const owner = { organizationId, endpointId: endpoint.bulkId === null ? endpointId : null };
      const secrets = await this.secrets.signing(tx, owner);
      const now = new Date();
      const message = messageFor(endpoint, messageId, now);
      // Unsigned, nobody could tell it from anybody's.
      return secrets.length === 0 ? null : signedRequest(endpoint.url, message, secrets, now);
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error;
      logger.error({ event: 'webhook_secret_unreadable', webhook_endpoint_id: endpointId, err: error });
      return null;
    }
  }
}

/** In the form of an event. Its number is that of none. */
function messageFor({ id: endpointId, organizationId }: WebhookEndpoint, id: string, at: Date) {
  const body = JSON.stringify({
    id,
    type: 'webhook.test',
    sequence: 0,
    occurred_at: at.toISOString(),
    organization_id: organizationId,
    data: { webhook_endpoint_id: endpointId },
  });
  return { id, body };
}
