export type { NewTransfer } from './persistence/transfer.repository.js';
export { ResealCounterparties } from './application/reseal-counterparties.js';
export { CounterpartiesModule } from './counterparties.module.js';
export { chunkSize } from './domain/chunk.js';
export { BULK_REQUEST_HOLD } from './domain/hold-purpose.js';
export { TRANSFER_STATUSES, type TransferStatus } from './domain/transfer.state.js';
export type { NewEvidence, UnreportedEvidence } from './persistence/evidence.repository.js';
export type { CurrentTallies, Recount, TallySums } from './persistence/tally.repository.js';
export type { StoredIban } from './domain/stored-iban.js';
export { completeBulkRequestJob, stopBulkRequestJob } from './transfers.jobs.js';
export { TransfersModule } from './transfers.module.js';
export {
  type BulkLine,
  type PageRequest,
  TransfersQueries,
  type TransferDetailView,
  type TransferView,
} from './transfers.queries.js';
export { TransfersService } from './transfers.service.js';
