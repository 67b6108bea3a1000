import { Module } from '@nestjs/common';
import { QueueModule } from '../../platform/queue/index.js';
import { AccountsModule } from '../accounts/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { EventLogModule } from '../events/index.js';
import { LedgerModule } from '../ledger/index.js';
import { RailsModule } from '../rails/index.js';
import { ApplyEvidence } from './application/apply-evidence.js';
import { CancelTransfer } from './application/cancel-transfer.js';
import { DecisionContexts } from './application/decision-contexts.js';
import { RequestCompletion } from './application/request-completion.js';
import { DeliverBookCredits } from './application/deliver-book-credits.js';
import { DispatchChunks } from './application/dispatch-chunks.js';
import { TransfersMetrics } from './transfers.metrics.js';
import { ExecuteChunk } from './application/execute-chunk.js';
import { KeepLateResults } from './application/keep-late-results.js';
import { LeaseChunk } from './application/lease-chunk.js';
import { MoveTransfer } from './application/move-transfer.js';
import { OpenTransfers } from './application/open-transfers.js';
import { RecordUnderLease } from './application/record-under-lease.js';
import { RepairLines } from './application/repair-lines.js';
import { RecordMoves } from './application/record-moves.js';
import { SetKillSwitch } from './application/set-kill-switch.js';
import { ResolveTransfer } from './application/resolve-transfer.js';
import { SettleBookChunk } from './application/settle-book-chunk.js';
import { StopLines } from './application/stop-lines.js';
import { TellMoves } from './application/tell-moves.js';
import { WithdrawLines } from './application/withdraw-lines.js';
import { SweepChunks } from './application/sweep-chunks.js';
import { CounterpartiesModule } from './counterparties.module.js';
import { KillSwitchesController } from './http/kill-switches.controller.js';
import { RailEventsController } from './http/rail-events.controller.js';
import { TransferControlController } from './http/transfer-control.controller.js';
import { TransferJobsController } from './http/transfer-jobs.controller.js';
import {
  BulkTransfersController,
  TransfersBulkTransfersController,
  TransfersController,
} from './http/transfers.controller.js';
import { DeliverBookCreditsProcessor } from './jobs/deliver-book-credits.processor.js';
import {
  ExecuteBookChunkProcessor,
  ExecuteHttpChunkProcessor,
  ExecuteSandboxChunkProcessor,
} from './jobs/execute-chunk.processor.js';
import { BookDeliveryRepository } from './persistence/book-delivery.repository.js';
import { BulkProgressRepository } from './persistence/bulk-progress.repository.js';
import { ChunkRepository } from './persistence/chunk.repository.js';
import { DispatchRepository } from './persistence/dispatch.repository.js';
import { EvidenceRepository } from './persistence/evidence.repository.js';
import { HeldLinesRepository } from './persistence/held-lines.repository.js';
import { KillSwitchRepository } from './persistence/kill-switch.repository.js';
import { TallyRepository } from './persistence/tally.repository.js';
import { TransferMetricsRepository } from './persistence/transfer-metrics.repository.js';
import { PaidCounterpartyRepository } from './persistence/paid-counterparty.repository.js';
import { TransferReadsRepository } from './persistence/transfer-reads.repository.js';
import { TransferRepository } from './persistence/transfer.repository.js';
import { KillSwitchesQueries } from './kill-switches.queries.js';
import { transferJobs } from './transfers.jobs.js';
import { TransfersQueries } from './transfers.queries.js';
import { TransfersService } from './transfers.service.js';

@Module({
  imports: [
    AccountsModule,
    AuditTrailModule,
    CounterpartiesModule,
    EventLogModule,
    LedgerModule,
    RailsModule,
    QueueModule.forJobs(transferJobs),
  ],
  controllers: [
    BulkTransfersController,
    TransfersBulkTransfersController,
    TransfersController,
    TransferControlController,
    TransferJobsController,
    KillSwitchesController,
    RailEventsController,
  ],
  providers: [
    ApplyEvidence,
    BookDeliveryRepository,
    BulkProgressRepository,
    CancelTransfer,
    ChunkRepository,
    DecisionContexts,
    RequestCompletion,
    DeliverBookCredits,
    DeliverBookCreditsProcessor,
    DispatchChunks,
    DispatchRepository,
    TransfersMetrics,
    EvidenceRepository,
    ExecuteBookChunkProcessor,
    ExecuteChunk,
    ExecuteHttpChunkProcessor,
    ExecuteSandboxChunkProcessor,
    KeepLateResults,
    KillSwitchesQueries,
    KillSwitchRepository,
    LeaseChunk,
    MoveTransfer,
    OpenTransfers,
    RecordMoves,
    RecordUnderLease,
    ResolveTransfer,
    SetKillSwitch,
    RepairLines,
    SettleBookChunk,
    StopLines,
    TellMoves,
    WithdrawLines,
    HeldLinesRepository,
    SweepChunks,
    TallyRepository,
    TransferMetricsRepository,
    PaidCounterpartyRepository,
    TransferReadsRepository,
    TransferRepository,
    TransfersQueries,
    TransfersService,
  ],
  exports: [TransfersQueries, TransfersService],
})
export class TransfersModule {}
