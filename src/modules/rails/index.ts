export { BankCallbacks } from './adapters/bank-callbacks.js';
export { REASON_CODE_PATTERN } from './domain/bank-answer.js';
export {
  BOOK,
  HTTP,
  type Rail,
  RAIL_NAMES,
  type RailBooking,
  type RailName,
  type RailNotice,
  type RailPayment,
  SANDBOX,
} from './domain/rail.js';
export { RailsModule } from './rails.module.js';
export { RailsService } from './rails.service.js';
