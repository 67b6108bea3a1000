import { defineStates } from '../../../domain/states.js';
import { accountInUse, accountStateRefused } from './account.errors.js';
import type { Account, AccountStatus } from './account.js';

/** Frozen: nothing new leaves it, what was under way still ends. Closed: nothing ever again. */
export const accountStates = defineStates<AccountStatus>({
  initial: 'active',
  transitions: {
    active: ['frozen', 'closed'],
    frozen: ['active', 'closed'],
    closed: [],
  },
  terminal: ['closed'],
});

type Closable = Pick<Account, 'status' | 'postedMinor' | 'reservedMinor'>;

/** @throws invalid_state when the table has no such move, or the account to close still holds or owes money */
export function assertCanBecome(account: Closable, status: AccountStatus): void {
  if (!accountStates.canMove(account.status, status)) throw accountStateRefused(account.status, status);
  const isEmpty = account.postedMinor === 0n && account.reservedMinor === 0n;
  if (status === 'closed' && !isEmpty) throw accountInUse(account.status);
}
