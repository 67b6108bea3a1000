export type { BreakClass, BreakSource, NewBreak } from './domain/break.js';
export { ReconciliationModule } from './reconciliation.module.js';
export { ReconciliationService } from './reconciliation.service.js';
