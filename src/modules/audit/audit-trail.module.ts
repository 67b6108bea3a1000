import { Module } from '@nestjs/common';
import { AppendEntries } from './application/append-entries.js';
import { AuditTrail } from './audit.trail.js';
import { AuditLogRepository } from './persistence/audit-log.repository.js';

/** What other modules write down with. It needs nothing but the database. */
@Module({
  providers: [AuditLogRepository, AppendEntries, AuditTrail],
  exports: [AuditLogRepository, AppendEntries, AuditTrail],
})
export class AuditTrailModule {}
