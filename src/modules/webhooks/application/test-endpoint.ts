import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { Database, ofOrganization, UnitOfWork } from '../../../platform/database/index.js';
import { OutboundClient } from '../../../platform/outbound/index.js';
import { AuditTrail } from '../../audit/index.js';
import type { WebhookEndpoint } from '../domain/webhook-endpoint.js';
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

/** Sends an endpoint a signed message that says nothing: no event of the log, and no delivery. */
@Injectable()
export class TestEndpoint {
  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly secrets: WebhookSecrets,
    private readonly client: OutboundClient,
    private readonly audit: AuditTrail,
  ) {}

  async test(endpoint: WebhookEndpoint): Promise<TestOutcome> {
    const { id: endpointId, organizationId, bulkId, url } = endpoint;
    const owner = { organizationId, endpointId: bulkId === null ? endpointId : null };
    const secrets = await this.secrets.signing(this.database.of(organizationId), owner);
    const message = messageFor(endpoint, newId(), new Date());
    const outcome = await this.client.post(signedRequest(url, message, secrets, new Date()));
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
    return { messageId: message.id, isDelivered, statusCode, failure, durationMs: Math.round(outcome.durationMs) };
  }
}

/** In the form of an event. Its number is that of none. */
function messageFor({ id: endpointId, organizationId }: WebhookEndpoint, uniqueId: string, at: Date) {
  const id = `test_${uniqueId.replaceAll('-', '')}`;
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
