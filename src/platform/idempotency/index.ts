export { IdempotencyModule } from './idempotency.module.js';
export { IdempotencyRepository, type IdempotencyRecord, type IdempotencySlot } from './idempotency.repository.js';
export {
  hashBody,
  idempotencyInProgress,
  idempotencyKeyReused,
  IdempotencyService,
  type IdempotentRequest,
  replayOf,
} from './idempotency.service.js';
export { ResealAnswers } from './reseal-answers.js';
export { Reply } from './reply.js';
