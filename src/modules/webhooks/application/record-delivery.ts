import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { EventLog, ReadEvents } from '../../events/index.js';
import {
  type AttemptResult,
  decideDelivery,
  type DeliveryDecision,
  isReceivers,
  longestRestMs,
} from '../domain/decide-delivery.js';
import type { DeliveryStatus } from '../domain/webhook-delivery.js';
import { stopped, type WebhookEndpoint } from '../domain/webhook-endpoint.js';
import { type BegunDelivery, DeliveryRepository } from '../persistence/delivery.repository.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';
import { WebhooksMetrics } from '../webhooks.metrics.js';

export interface MadeAttempt {
  readonly result: AttemptResult;
  readonly durationMs: number;
}

const STATUS_AFTER: Readonly<Record<DeliveryDecision['kind'], Exclude<DeliveryStatus, 'delivering'>>> = {
  succeeded: 'succeeded',
  gone: 'failed',
  failed: 'failed',
  retry: 'pending',
};

const logger = createLogger('webhooks');

/** Writes down what came of an attempt, and what that means for the delivery and its endpoint. */
@Injectable()
export class RecordDelivery {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deliveries: DeliveryRepository,
    private readonly endpoints: EndpointRepository,
    private readonly events: EventLog,
    private readonly log: ReadEvents,
    private readonly metrics: WebhooksMetrics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async record(delivery: BegunDelivery, made: MadeAttempt): Promise<void> {
    const recorded = await this.unitOfWork.run(ofOrganization(delivery.organizationId), async (tx) => {
      const endpoint = await this.endpoints.lockForRecord(tx, delivery.endpointId);
      const isDeleted = endpoint === null || endpoint.deletedAt !== null;
      const decision = this.decide(delivery, made.result, isDeleted);
      if (!(await this.end(tx, delivery, made, decision))) return null;
      if (!isDeleted) await this.follow(tx, endpoint, delivery, { ...made, decision });
      return decision;
    });
    this.tell(delivery, made, recorded);
  }

  private decide(delivery: BegunDelivery, result: AttemptResult, isDeleted: boolean): DeliveryDecision {
    const decision = decideDelivery(result, delivery.attemptsInRound, this.scheduleMs(), Math.random());
    // Nobody is there to be told again.
    return isDeleted && decision.kind === 'retry' ? { kind: 'failed' } : decision;
  }

  private scheduleMs(): number[] {
    return this.config.WEBHOOK_RETRY_SECONDS.map((seconds) => seconds * 1_000);
  }

  private end(tx: Tx, delivery: BegunDelivery, made: MadeAttempt, decision: DeliveryDecision): Promise<boolean> {
    const { result, durationMs } = made;
    return this.deliveries.end(tx, delivery, {
      status: STATUS_AFTER[decision.kind],
      delayMs: decision.kind === 'retry' ? decision.delayMs : 0,
      result: {
        statusCode: result.kind === 'answered' ? result.statusCode : null,
        failure: result.kind === 'failed' ? result.failure : null,
        durationMs,
      },
    });
  }

  /** What it means for the endpoint, and who else has to know. */
  private async follow(
    tx: Tx,
    endpoint: WebhookEndpoint,
    delivery: BegunDelivery,
    { decision, result }: MadeAttempt & { decision: DeliveryDecision },
  ): Promise<void> {
    if (decision.kind === 'succeeded') {
      if (endpoint.failingSince !== null) await this.endpoints.noteSuccess(tx, endpoint.id);
      return;
    }
    if (decision.kind !== 'retry') this.recordFailed(tx, delivery);
    if (!isReceivers(result)) return;
    const { WEBHOOK_DISABLE_AFTER_DAYS: days } = this.config;
    const isFailing = await this.endpoints.noteFailure(tx, endpoint.id, days, longestRestMs(this.scheduleMs()));
    if (endpoint.status === 'disabled') return;
    if (decision.kind === 'gone') await this.disable(tx, endpoint, 'gone');
    else if (isFailing) await this.disable(tx, endpoint, 'failing');
  }

  private recordFailed(tx: Tx, { id, organizationId, endpointId, eventId, eventType }: BegunDelivery): void {
    this.events.record(tx, {
      organizationId,
      type: 'webhook_delivery.failed',
      subjectId: endpointId,
      data: {
        webhook_delivery_id: id,
        webhook_endpoint_id: endpointId,
        event_id: eventId,
        event_type: eventType,
      },
    });
  }

  private async disable(tx: Tx, endpoint: WebhookEndpoint, reason: 'gone' | 'failing'): Promise<void> {
    const { id, organizationId } = endpoint;
    await this.endpoints.disable(tx, id, reason, stopped(endpoint, await this.log.head(tx, organizationId)));
    this.events.record(tx, {
      organizationId,
      type: 'webhook_endpoint.disabled',
      subjectId: id,
      data: { webhook_endpoint_id: id, reason },
    });
    tx.afterCommit(() => {
      logger.warn({
        event: 'webhook_endpoint_disabled',
        webhook_endpoint_id: id,
        organization_id: organizationId,
        reason,
      });
    });
  }

  private tell(delivery: BegunDelivery, { result, durationMs }: MadeAttempt, decision: DeliveryDecision | null): void {
    const outcome = decision === null ? 'late' : decision.kind;
    this.metrics.attempted(outcome, durationMs);
    if (outcome === 'succeeded') return;
    const came = result.kind === 'answered' ? { status_code: result.statusCode } : { failure: result.failure };
    logger[outcome === 'retry' ? 'info' : 'warn']({
      event: 'webhook_not_delivered',
      webhook_delivery_id: delivery.id,
      webhook_endpoint_id: delivery.endpointId,
      organization_id: delivery.organizationId,
      attempt: delivery.attempts,
      outcome,
      ...came,
    });
  }
}
