export type { OpenedTransfer } from './application/open-transfers.js';
export { chunkSize } from './domain/chunk.js';
export { BULK_REQUEST_HOLD } from './domain/hold-purpose.js';
export { TRANSFER_STATUSES, type TransferStatus } from './domain/transfer.state.js';
export type { CurrentTallies, TallySums } from './persistence/tally.repository.js';
export { completeBulkRequestJob, stopBulkRequestJob } from './transfers.jobs.js';
export { TransfersModule } from './transfers.module.js';
export { type PageRequest, TransfersQueries, type TransferDetailView, type TransferView } from './transfers.queries.js';
export { TransfersService } from './transfers.service.js';
