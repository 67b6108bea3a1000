import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { notFound } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../platform/idempotency/index.js';
import { OutboundUrls } from '../../platform/outbound/index.js';
import { Wake } from '../../platform/queue/index.js';
import { AuditTrail } from '../audit/index.js';
import { ReadEvents } from '../events/index.js';
import { WebhookSecrets } from './application/webhook-secrets.js';
import {
  type EndpointChoices,
  endpointState,
  type EndpointStatus,
  resumed,
  stopped,
  type ToldPeriod,
  type WebhookEndpoint,
} from './domain/webhook-endpoint.js';
import { notOfCallbacks, tooManyEndpoints } from './domain/webhook.errors.js';
import { DeliveryRepository } from './persistence/delivery.repository.js';
import { EndpointRepository } from './persistence/endpoint.repository.js';

export interface CreateEndpoint extends EndpointChoices {
  readonly organizationId: string;
}

/** What is left out stays as it is. */
export interface ChangeEndpoint extends Partial<EndpointChoices> {
  readonly organizationId: string;
  readonly endpointId: string;
  readonly status?: EndpointStatus;
}

export interface RotateSecret {
  readonly organizationId: string;
  /** Null: the organization's own, that callback URLs are signed with. */
  readonly endpointId: string | null;
  readonly overlapSeconds: number;
}

/** `secret` is null in an answer that is kept: it is shown once. */
export type EndpointAnswer = (endpoint: WebhookEndpoint, secret: string | null) => Reply;
export type SecretAnswer = (secret: string | null) => Reply;

/** Who is told of events, and with what secret. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
    private readonly endpoints: EndpointRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly secrets: WebhookSecrets,
    private readonly events: ReadEvents,
    private readonly urls: OutboundUrls,
    private readonly audit: AuditTrail,
    private readonly wake: Wake,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** It is told of what happens from now on. @throws url_not_allowed, limit_exceeded */
  async create(command: CreateEndpoint, idempotencyKey: string | null, answer: EndpointAnswer): Promise<Reply> {
    const { organizationId } = command;
    this.urls.assertAllowed(command.url, '/url');
    const request = { organizationId, operation: 'webhook-endpoints.create', key: idempotencyKey, body: command };
    let made = null as { endpoint: WebhookEndpoint; secret: string } | null;
    const reply = await this.idempotency.run(request, async (tx) => {
      const limit = this.config.WEBHOOK_MAX_ENDPOINTS;
      if ((await this.endpoints.lockCount(tx, organizationId)) >= limit) throw tooManyEndpoints(limit);
      const startSequence = await this.events.head(tx, organizationId);
      const endpoint = await this.endpoints.insert(tx, { ...command, id: newId(), bulkId: null, startSequence });
      const secret = await this.secrets.issue(tx, { organizationId, endpointId: endpoint.id });
      made = { endpoint, secret };
      this.record(tx, 'webhook_endpoint.created', endpoint, { after: endpointState(endpoint) });
      return answer(endpoint, null);
    });
    return made === null || reply.replayed ? reply : answer(made.endpoint, made.secret);
  }

  /** Asking for what is already so changes nothing. @throws not_found, url_not_allowed, validation_failed */
  async change({ organizationId, endpointId, ...change }: ChangeEndpoint): Promise<WebhookEndpoint> {
    if (change.url !== undefined) this.urls.assertAllowed(change.url, '/url');
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const before = await this.lock(tx, organizationId, endpointId);
      if (before.bulkId !== null) assertForCallback(change);
      const period = await this.periodAfter(tx, before, change.status ?? before.status);
      const after = await this.endpoints.update(tx, endpointId, { ...before, ...period, ...change });
      const isElsewhere = before.url !== after.url;
      const states = { before: endpointState(before), after: { ...endpointState(after), url_changed: isElsewhere } };
      this.record(tx, 'webhook_endpoint.updated', after, states);
      tx.afterCommit(() => this.wake.notify('webhooks'));
      return after;
    });
  }

  /** What waits for it is not sent any more. @throws not_found, also when it was deleted before */
  async delete(organizationId: string, endpointId: string): Promise<void> {
    await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const endpoint = await this.lock(tx, organizationId, endpointId);
      await this.endpoints.delete(tx, endpointId);
      await this.secrets.deleteAll(tx, { organizationId, endpointId });
      const cancelled = await this.deliveries.cancelPending(tx, endpointId);
      this.record(tx, 'webhook_endpoint.deleted', endpoint, { after: { cancelled_deliveries: cancelled } });
    });
  }

  /** A new secret; the old one signs beside it until the overlap ends. @throws not_found */
  async rotateSecret(command: RotateSecret, idempotencyKey: string | null, answer: SecretAnswer): Promise<Reply> {
    const { organizationId, endpointId, overlapSeconds } = command;
    const request = { organizationId, operation: 'webhook-secrets.rotate', key: idempotencyKey, body: command };
    let secret = null as string | null;
    const reply = await this.idempotency.run(request, async (tx) => {
      if (endpointId !== null && (await this.lock(tx, organizationId, endpointId)).bulkId !== null) {
        throw notFound('secret: a callback URL is signed with the default secret of the organization');
      }
      secret = await this.secrets.rotate(tx, { organizationId, endpointId }, overlapSeconds);
      this.audit.record(tx, {
        organizationId,
        action: 'webhook_endpoint.secret_rotated',
        resource: { type: 'webhook_endpoint', id: endpointId ?? 'default' },
        after: { overlap_seconds: overlapSeconds },
      });
      return answer(null);
    });
    return secret === null || reply.replayed ? reply : answer(secret);
  }

  /** Of what happens while it is disabled it is not told, whenever somebody looks at that; of what has happened before, it is. */
  private async periodAfter(tx: Tx, before: WebhookEndpoint, status: EndpointStatus): Promise<ToldPeriod> {
    if (status === before.status) return before;
    const head = await this.events.head(tx, before.organizationId);
    return status === 'disabled' ? stopped(before, head) : resumed(before, head);
  }

  private async lock(tx: Tx, organizationId: string, endpointId: string): Promise<WebhookEndpoint> {
    const endpoint = await this.endpoints.lock(tx, organizationId, endpointId);
    if (!endpoint) throw notFound('webhook endpoint');
    return endpoint;
  }

  private record(
    tx: Tx,
    action: 'webhook_endpoint.created' | 'webhook_endpoint.updated' | 'webhook_endpoint.deleted',
    { id, organizationId }: WebhookEndpoint,
    states: Partial<Pick<Parameters<AuditTrail['record']>[1], 'before' | 'after'>>,
  ): void {
    this.audit.record(tx, { organizationId, action, resource: { type: 'webhook_endpoint', id }, ...states });
  }
}

function assertForCallback({ types, lineEvents }: Partial<EndpointChoices>): void {
  const named = [...(types === undefined ? [] : ['types']), ...(lineEvents === undefined ? [] : ['line_events'])];
  if (named.length > 0) throw notOfCallbacks(named);
}
