import { formatAmount } from '../../../domain/money.js';
import { type Account, availableMinor } from './account.js';
import type { BalanceAfter } from './balance-change.js';

/** What events about an account carry. */
export const accountEvent = ({ id, currency, status }: Pick<Account, 'id' | 'currency' | 'status'>) => ({
  account_id: id,
  currency,
  status,
});

export function balanceEvent(after: Omit<BalanceAfter, 'isCustomer'>) {
  const { id, currency, postedMinor, reservedMinor } = after;
  return {
    account_id: id,
    currency,
    posted: formatAmount(postedMinor, currency),
    reserved: formatAmount(reservedMinor, currency),
    available: formatAmount(availableMinor(after), currency),
  };
}
