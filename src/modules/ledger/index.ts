export { type AmountInput, amountMinorOf } from './domain/amount-input.js';
export type { BankTransaction } from './domain/bank-transaction.js';
export { areKept, type LedgerInvariants } from './domain/invariants.js';
export type { KindSum } from './domain/kind-sum.js';
export type { AccountEntry, LedgerEntryKind, NewLedgerEntry, Posting } from './domain/ledger-entry.js';
export { LedgerModule } from './ledger.module.js';
export { LedgerQueries } from './ledger.queries.js';
export { LedgerService, type RequestBankTransaction } from './ledger.service.js';
