import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/index.js';
import { OrganizationsModule } from '../organizations/index.js';
import { TransfersModule } from '../transfers/index.js';
import { AcceptBulkRequest } from './application/accept-bulk-request.js';
import { CompleteBulkRequest } from './application/complete-bulk-request.js';
import { StopBulkRequest } from './application/stop-bulk-request.js';
import { RecognizeSubmission } from './application/recognize-submission.js';
import { SubmitBulkRequest } from './application/submit-bulk-request.js';
import { SweepBulkRequests } from './application/sweep-bulk-requests.js';
import { BulkRequestsQueries } from './bulk-requests.queries.js';
import { BulkRequestsService } from './bulk-requests.service.js';
import { BulkRequestJobsController } from './http/bulk-request-jobs.controller.js';
import { BulkRequestsController, TransfersBulkController } from './http/bulk-requests.controller.js';
import { SingleTransferController } from './http/single-transfer.controller.js';
import { CompleteBulkRequestProcessor } from './jobs/complete-bulk-request.processor.js';
import { StopBulkRequestProcessor } from './jobs/stop-bulk-request.processor.js';
import { BulkRequestRepository } from './persistence/bulk-request.repository.js';

@Module({
  imports: [AccountsModule, OrganizationsModule, TransfersModule],
  controllers: [BulkRequestsController, TransfersBulkController, SingleTransferController, BulkRequestJobsController],
  providers: [
    AcceptBulkRequest,
    BulkRequestRepository,
    BulkRequestsQueries,
    BulkRequestsService,
    CompleteBulkRequest,
    CompleteBulkRequestProcessor,
    StopBulkRequest,
    StopBulkRequestProcessor,
    RecognizeSubmission,
    SubmitBulkRequest,
    SweepBulkRequests,
  ],
})
export class BulkRequestsModule {}
