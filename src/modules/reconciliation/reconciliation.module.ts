import { Module } from '@nestjs/common';
import { QueueModule } from '../../platform/queue/index.js';
import { AccountsModule } from '../accounts/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { LedgerModule } from '../ledger/index.js';
import { RailsModule } from '../rails/index.js';
import { TransfersModule } from '../transfers/index.js';
import { CheckInvariants } from './application/check-invariants.js';
import { CompareStatement } from './application/compare-statement.js';
import { ImportStatement } from './application/import-statement.js';
import { OpenBreaks } from './application/open-breaks.js';
import { ReportEvidence } from './application/report-evidence.js';
import { ResolveBreak } from './application/resolve-break.js';
import { RunReconciliation } from './application/run-reconciliation.js';
import { ScheduleRuns } from './application/schedule-runs.js';
import { ReconciliationBreaksController } from './http/reconciliation-breaks.controller.js';
import { ReconciliationRunsController } from './http/reconciliation-runs.controller.js';
import { ReconcileRailProcessor } from './jobs/reconcile-rail.processor.js';
import { BookedRepository } from './persistence/booked.repository.js';
import { BreakRepository } from './persistence/break.repository.js';
import { InvariantRepository } from './persistence/invariant.repository.js';
import { RunRepository } from './persistence/run.repository.js';
import { StatementRepository } from './persistence/statement.repository.js';
import { reconciliationJobs } from './reconciliation.jobs.js';
import { ReconciliationMetrics } from './reconciliation.metrics.js';
import { ReconciliationQueries } from './reconciliation.queries.js';
import { ReconciliationService } from './reconciliation.service.js';

@Module({
  imports: [
    AccountsModule,
    AuditTrailModule,
    LedgerModule,
    RailsModule,
    TransfersModule,
    QueueModule.forJobs(reconciliationJobs),
  ],
  controllers: [ReconciliationRunsController, ReconciliationBreaksController],
  providers: [
    BookedRepository,
    BreakRepository,
    CheckInvariants,
    CompareStatement,
    ImportStatement,
    InvariantRepository,
    OpenBreaks,
    ReconcileRailProcessor,
    ReconciliationMetrics,
    ReconciliationQueries,
    ReconciliationService,
    ReportEvidence,
    ResolveBreak,
    RunReconciliation,
    RunRepository,
    ScheduleRuns,
    StatementRepository,
  ],
  exports: [ReconciliationService],
})
export class ReconciliationModule {}
