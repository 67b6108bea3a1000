export { AuditModule } from './audit.module.js';
export { AuditTrail, type RecordedLines } from './audit.trail.js';
export { AuditTrailModule } from './audit-trail.module.js';
export { AUDIT_ACTIONS, type AuditAction, type AuditResource } from './domain/action.js';
export type { AuditNote, AuditState } from './domain/audit-entry.js';
export type { RecordedLine } from './domain/recorded-lines.js';
