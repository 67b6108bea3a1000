export { copyRow } from './copy-format.js';
export { Database } from './database.js';
export { DatabaseModule } from './database.module.js';
export { prepared, type Queryable } from './queryable.js';
export type { Tx } from './tx.js';
export { CommitOutcomeUnknown, isTransient, sqlState, UnitOfWork } from './unit-of-work.js';
