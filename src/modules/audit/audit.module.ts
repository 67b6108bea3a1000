import { Global, Module } from '@nestjs/common';
import { RefusalRecorder } from '../../platform/http/index.js';
import { ExportHeads } from './application/export-heads.js';
import { RecordRefusals } from './application/record-refusals.js';
import { VerifyChains } from './application/verify-chains.js';
import { AuditMetrics } from './audit.metrics.js';
import { AuditQueries } from './audit.queries.js';
import { AuditTrailModule } from './audit-trail.module.js';
import { AuditLogController } from './http/audit-log.controller.js';

/** Global for its RefusalRecorder: platform/http, which knows no module, tells it whom it refused. */
@Global()
@Module({
  imports: [AuditTrailModule],
  controllers: [AuditLogController],
  providers: [
    AuditMetrics,
    AuditQueries,
    ExportHeads,
    VerifyChains,
    RecordRefusals,
    { provide: RefusalRecorder, useExisting: RecordRefusals },
  ],
  exports: [RefusalRecorder],
})
export class AuditModule {}
