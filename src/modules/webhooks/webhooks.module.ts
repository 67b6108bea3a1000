import { Module } from '@nestjs/common';
import { OutboundModule } from '../../platform/outbound/index.js';
import { QueueModule } from '../../platform/queue/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { EventLogModule, EventsModule } from '../events/index.js';
import { ClaimDeliveries } from './application/claim-deliveries.js';
import { DeliverWebhook } from './application/deliver-webhook.js';
import { FanOutEvents } from './application/fan-out-events.js';
import { OpenCallback } from './application/open-callback.js';
import { RecordDelivery } from './application/record-delivery.js';
import { ResendDeliveries } from './application/resend-deliveries.js';
import { SweepDeliveries } from './application/sweep-deliveries.js';
import { TestEndpoint } from './application/test-endpoint.js';
import { WebhookDeliveriesController } from './http/webhook-deliveries.controller.js';
import { DefaultSecretController } from './http/default-secret.controller.js';
import { WebhookEndpointsController } from './http/webhook-endpoints.controller.js';
import { DeliverWebhookProcessor } from './jobs/deliver-webhook.processor.js';
import { ClaimRepository } from './persistence/claim.repository.js';
import { DeliveryRepository } from './persistence/delivery.repository.js';
import { EndpointRepository } from './persistence/endpoint.repository.js';
import { WebhookSecretsModule } from './webhook-secrets.module.js';
import { webhookJobs } from './webhooks.jobs.js';
import { WebhooksMetrics } from './webhooks.metrics.js';
import { WebhooksQueries } from './webhooks.queries.js';
import { WebhooksService } from './webhooks.service.js';

@Module({
  imports: [
    AuditTrailModule,
    EventLogModule,
    EventsModule,
    OutboundModule,
    WebhookSecretsModule,
    QueueModule.forJobs(webhookJobs),
  ],
  controllers: [DefaultSecretController, WebhookEndpointsController, WebhookDeliveriesController],
  providers: [
    ClaimDeliveries,
    ClaimRepository,
    DeliverWebhook,
    DeliverWebhookProcessor,
    DeliveryRepository,
    EndpointRepository,
    FanOutEvents,
    OpenCallback,
    RecordDelivery,
    ResendDeliveries,
    SweepDeliveries,
    TestEndpoint,
    WebhooksMetrics,
    WebhooksQueries,
    WebhooksService,
  ],
  exports: [OpenCallback],
})
export class WebhooksModule {}
