import { Processor } from '@nestjs/bullmq';
import { JobHandler, OutboxAcknowledger } from '../../../platform/queue/index.js';
import { completeBulkRequestJob } from '../../transfers/index.js';
import { BulkRequestsService } from '../bulk-requests.service.js';

@Processor(completeBulkRequestJob.name)
export class CompleteBulkRequestProcessor extends JobHandler<{ bulkId: string }> {
  constructor(
    outbox: OutboxAcknowledger,
    private readonly bulkRequests: BulkRequestsService,
  ) {
    super(outbox);
  }

  protected override async handle(organizationId: string, ids: { bulkId: string }): Promise<void> {
    await this.bulkRequests.complete(organizationId, ids.bulkId);
  }
}
