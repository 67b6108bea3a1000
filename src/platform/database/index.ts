export { type Access, DISCOVERY, ofOrganization, ofOrganizationOrPlatform, PLATFORM } from './access.js';
export { copyRow } from './copy-format.js';
export { Database } from './database.js';
export { DatabaseModule } from './database.module.js';
export { prepared, type Queryable } from './queryable.js';
export type { Tx } from './tx.js';
export { sqlState } from './sql-state.js';
export { CommitOutcomeUnknown, isTransient, UnitOfWork } from './unit-of-work.js';
