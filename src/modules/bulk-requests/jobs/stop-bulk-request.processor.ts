import { Processor } from '@nestjs/bullmq';
import { JobHandler, OutboxAcknowledger } from '../../../platform/queue/index.js';
import { stopBulkRequestJob } from '../../transfers/index.js';
import { BulkRequestsService } from '../bulk-requests.service.js';

@Processor(stopBulkRequestJob.name)
export class StopBulkRequestProcessor extends JobHandler<{ bulkId: string }> {
  constructor(
    outbox: OutboxAcknowledger,
    private readonly bulkRequests: BulkRequestsService,
  ) {
    super(outbox);
  }

  protected override async handle(organizationId: string, ids: { bulkId: string }): Promise<void> {
    await this.bulkRequests.stop(organizationId, ids.bulkId);
  }
}
