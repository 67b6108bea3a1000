import { Module } from '@nestjs/common';
import { OutboundModule } from '../../platform/outbound/index.js';
import { QueueModule } from '../../platform/queue/index.js';
import { AccountsModule } from '../accounts/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { EventLogModule, LiveEventsModule } from '../events/index.js';
import { LedgerModule } from '../ledger/index.js';
import { OrganizationsModule } from '../organizations/index.js';
import { PoliciesModule } from '../policies/index.js';
import { RailsModule } from '../rails/index.js';
import { ReconciliationModule } from '../reconciliation/index.js';
import { TransfersModule } from '../transfers/index.js';
import { WebhooksModule } from '../webhooks/index.js';
import { AcceptBulkRequest } from './application/accept-bulk-request.js';
import { ApproveBulkRequest } from './application/approve-bulk-request.js';
import { CancelBulkRequest } from './application/cancel-bulk-request.js';
import { ChangeBulkState } from './application/change-bulk-state.js';
import { CompleteBulkRequest } from './application/complete-bulk-request.js';
import { DetectDuplicates } from './application/detect-duplicates.js';
import { DiffBulkRequest } from './application/diff-bulk-request.js';
import { DismissBulkRequest } from './application/dismiss-bulk-request.js';
import { ExpireApprovals } from './application/expire-approvals.js';
import { HashPayload } from './application/hash-payload.js';
import { PauseBulkRequest } from './application/pause-bulk-request.js';
import { RetryFailedLines } from './application/retry-failed-lines.js';
import { RouteLines } from './application/route-lines.js';
import { ProveBulkRequest } from './application/prove-bulk-request.js';
import { StopBulkRequest } from './application/stop-bulk-request.js';
import { RecognizeSubmission } from './application/recognize-submission.js';
import { RecordBulkChange } from './application/record-bulk-change.js';
import { RecountBulkRequest } from './application/recount-bulk-request.js';
import { RejectBulkRequest } from './application/reject-bulk-request.js';
import { ReverseBulkRequest } from './application/reverse-bulk-request.js';
import { ReviewSubmission } from './application/review-submission.js';
import { SubmitBulkRequest } from './application/submit-bulk-request.js';
import { SweepBulkRequests } from './application/sweep-bulk-requests.js';
import { bulkRequestJobs } from './bulk-requests.jobs.js';
import { BulkRequestsMetrics } from './bulk-requests.metrics.js';
import { BulkRequestsQueries } from './bulk-requests.queries.js';
import { BulkRequestsService } from './bulk-requests.service.js';
import {
  BulkRequestApprovalController,
  TransfersBulkApprovalController,
} from './http/bulk-request-approval.controller.js';
import {
  BulkRequestControlController,
  TransfersBulkControlController,
} from './http/bulk-request-control.controller.js';
import { BulkRequestDiffController, TransfersBulkDiffController } from './http/bulk-request-diff.controller.js';
import { BulkRequestEventsController, TransfersBulkEventsController } from './http/bulk-request-events.controller.js';
import { BulkRequestJobsController } from './http/bulk-request-jobs.controller.js';
import { BulkRequestProofController, TransfersBulkProofController } from './http/bulk-request-proof.controller.js';
import { BulkRequestsController, TransfersBulkController } from './http/bulk-requests.controller.js';
import { SingleTransferController } from './http/single-transfer.controller.js';
import { CompleteBulkRequestProcessor } from './jobs/complete-bulk-request.processor.js';
import { RecountBulkRequestProcessor } from './jobs/recount-bulk-request.processor.js';
import { StopBulkRequestProcessor } from './jobs/stop-bulk-request.processor.js';
import { AcceptanceCountRepository } from './persistence/acceptance-count.repository.js';
import { ApprovalRepository } from './persistence/approval.repository.js';
import { BulkCompletionRepository } from './persistence/bulk-completion.repository.js';
import { BulkControlRepository } from './persistence/bulk-control.repository.js';
import { BulkRequestProofRepository } from './persistence/bulk-request-proof.repository.js';
import { BulkRequestRepository } from './persistence/bulk-request.repository.js';

@Module({
  imports: [
    AccountsModule,
    AuditTrailModule,
    EventLogModule,
    LedgerModule,
    LiveEventsModule,
    OutboundModule,
    OrganizationsModule,
    PoliciesModule,
    RailsModule,
    ReconciliationModule,
    TransfersModule,
    WebhooksModule,
    QueueModule.forJobs(bulkRequestJobs),
  ],
  controllers: [
    BulkRequestsController,
    TransfersBulkController,
    BulkRequestControlController,
    TransfersBulkControlController,
    BulkRequestApprovalController,
    BulkRequestDiffController,
    TransfersBulkDiffController,
    TransfersBulkApprovalController,
    BulkRequestEventsController,
    TransfersBulkEventsController,
    BulkRequestProofController,
    TransfersBulkProofController,
    SingleTransferController,
    BulkRequestJobsController,
  ],
  providers: [
    AcceptanceCountRepository,
    AcceptBulkRequest,
    ApprovalRepository,
    ApproveBulkRequest,
    BulkCompletionRepository,
    BulkControlRepository,
    BulkRequestProofRepository,
    BulkRequestRepository,
    BulkRequestsMetrics,
    BulkRequestsQueries,
    BulkRequestsService,
    CancelBulkRequest,
    ChangeBulkState,
    CompleteBulkRequest,
    CompleteBulkRequestProcessor,
    DetectDuplicates,
    DiffBulkRequest,
    DismissBulkRequest,
    ExpireApprovals,
    HashPayload,
    StopBulkRequest,
    StopBulkRequestProcessor,
    PauseBulkRequest,
    ProveBulkRequest,
    RecognizeSubmission,
    RecordBulkChange,
    RecountBulkRequest,
    RecountBulkRequestProcessor,
    RejectBulkRequest,
    RetryFailedLines,
    ReverseBulkRequest,
    ReviewSubmission,
    RouteLines,
    SubmitBulkRequest,
    SweepBulkRequests,
  ],
})
export class BulkRequestsModule {}
