import { Processor } from '@nestjs/bullmq';
import { JobHandler, OutboxAcknowledger } from '../../../platform/queue/index.js';
import { DeliverBookCredits } from '../application/deliver-book-credits.js';
import { deliverBookCreditsJob } from '../transfers.jobs.js';

@Processor(deliverBookCreditsJob.name)
export class DeliverBookCreditsProcessor extends JobHandler<{ chunkId: string }> {
  constructor(
    outbox: OutboxAcknowledger,
    private readonly deliverBookCredits: DeliverBookCredits,
  ) {
    super(outbox);
  }

  protected override async handle(_organizationId: string, ids: { chunkId: string }): Promise<void> {
    await this.deliverBookCredits.deliver(ids.chunkId);
  }
}
