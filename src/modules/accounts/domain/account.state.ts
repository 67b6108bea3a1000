import { stoppedByPlatform } from '../../../domain/errors.js';
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

type Closable = Pick<Account, 'status' | 'frozenByPlatform' | 'postedMinor' | 'reservedMinor'>;

/**
 * @throws stopped_by_platform when the platform froze it and somebody else asks; invalid_state when the table has no such move, or the
 *   account to close still holds or owes money
 */
export function assertCanBecome(
  account: Closable,
  status: AccountStatus,
  { byPlatform }: { byPlatform: boolean },
): void {
  if (account.frozenByPlatform && !byPlatform) {
    throw stoppedByPlatform('The platform froze this account: only it thaws or closes it.');
  }
  if (!accountStates.canMove(account.status, status)) throw accountStateRefused(account.status, status);
  const isEmpty = account.postedMinor === 0n && account.reservedMinor === 0n;
  if (status === 'closed' && !isEmpty) throw accountInUse(account.status);
}
