import type { DomainError } from '../../../domain/errors.js';
import { fieldErrors } from '../../../domain/errors.js';
import { MAX_TOTAL_MINOR } from '../../../domain/money.js';
import { limitExceeded } from './bulk-request.errors.js';
import type { CheckedCreditTransfers, CreditTransfer } from './credit-transfer.js';

/** What of a submission is taken on. */
export interface Acceptance {
  readonly lines: readonly CreditTransfer[];
  readonly totalMinor: bigint;
}

/**
 * All or nothing by default; `partial` takes the good lines, if there are any.
 *
 * @throws validation_failed, limit_exceeded
 */
export function accept(checked: CheckedCreditTransfers, validation: 'all_or_nothing' | 'partial'): Acceptance {
  const refused = validation === 'all_or_nothing' ? checked.rejectedCount > 0 : checked.accepted.length === 0;
  if (refused) throw refusal(checked);
  const totalMinor = checked.accepted.reduce((sum, line) => sum + line.amountMinor, 0n);
  if (totalMinor > MAX_TOTAL_MINOR) throw limitExceeded();
  return { lines: checked.accepted, totalMinor };
}

const refusal = (checked: CheckedCreditTransfers): DomainError =>
  fieldErrors('rule', checked.errors, checked.errorCount);
