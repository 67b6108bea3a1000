import { Processor } from '@nestjs/bullmq';
import { JobHandler, OutboxAcknowledger } from '../../../platform/queue/index.js';
import { recountBulkRequestJob } from '../bulk-requests.jobs.js';
import { BulkRequestsService } from '../bulk-requests.service.js';

@Processor(recountBulkRequestJob.name)
export class RecountBulkRequestProcessor extends JobHandler<{ bulkId: string }> {
  constructor(
    outbox: OutboxAcknowledger,
    private readonly bulkRequests: BulkRequestsService,
  ) {
    super(outbox);
  }

  protected override async handle(organizationId: string, ids: { bulkId: string }): Promise<void> {
    await this.bulkRequests.recount(organizationId, ids.bulkId);
  }
}
