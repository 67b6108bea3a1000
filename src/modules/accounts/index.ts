export { AccountsModule } from './accounts.module.js';
export { AccountsQueries, type DebtorReference } from './accounts.queries.js';
export { AccountsService, type OpenAccount, type Reservation } from './accounts.service.js';
export { accountNotActive } from './domain/account.errors.js';
export {
  type Account,
  type AccountStatus,
  availableMinor,
  type Creditor,
  type Debtor,
  type LockedAccount,
  type SystemAccount,
  type SystemAccountKind,
} from './domain/account.js';
export type { BalanceChange } from './domain/balance-change.js';
export type { Hold, HoldOutcome, NewHold } from './domain/hold.js';
