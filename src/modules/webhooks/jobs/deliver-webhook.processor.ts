import { Processor } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { JobHandler, OutboxAcknowledger } from '../../../platform/queue/index.js';
import { DeliverWebhook } from '../application/deliver-webhook.js';
import { deliverWebhookJob } from '../webhooks.jobs.js';

/** A receiver that hangs keeps a job busy that does nothing but wait: there are many of them. */
@Processor(deliverWebhookJob.name)
@Injectable()
export class DeliverWebhookProcessor extends JobHandler<{ deliveryId: string; claim: string }> {
  override readonly concurrency: number;

  constructor(
    outbox: OutboxAcknowledger,
    private readonly deliver: DeliverWebhook,
    @Inject(CONFIG) config: Config,
  ) {
    super(outbox);
    this.concurrency = config.WEBHOOK_CONCURRENCY;
  }

  protected override async handle(organizationId: string, ids: { deliveryId: string; claim: string }): Promise<void> {
    await this.deliver.deliver(organizationId, ids.deliveryId, Number(ids.claim));
  }
}
