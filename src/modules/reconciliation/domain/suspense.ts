import type { Break, Resolution } from './break.js';
import { nothingInSuspense, suspenseNotEmpty } from './reconciliation.errors.js';

/** Where money on suspense goes: back to the rail's clearing account, to the debtor's, or to the organization's fees. */
export type SuspenseCounterpart = 'clearing' | 'debtor' | 'fees';

/** One entry between suspense and its counterpart. */
export interface SuspenseMove {
  readonly counterpart: SuspenseCounterpart;
  /** True: suspense has money, and gives it. False: it owes money, and gets it. */
  readonly outOfSuspense: boolean;
  readonly amountMinor: bigint;
}

const COUNTERPARTS: Readonly<Record<Exclude<Resolution, 'no_action'>, SuspenseCounterpart>> = {
  corrected_by_rail: 'clearing',
  charged_to_debtor: 'debtor',
  written_off: 'fees',
};

/**
 * What a resolution does with the money that a break put on suspense: all of it, once. Null when there is nothing to move.
 *
 * @throws suspense_not_empty, nothing_in_suspense
 */
export function suspenseMove(
  { suspenseMinor }: Pick<Break, 'suspenseMinor'>,
  resolution: Resolution,
): SuspenseMove | null {
  if (resolution === 'no_action') {
    if (suspenseMinor !== 0n) throw suspenseNotEmpty();
    return null;
  }
  if (suspenseMinor === 0n) {
    // That a rail put its own books right moves nothing here; that somebody was charged would be said of money that nobody moved.
    if (resolution === 'corrected_by_rail') return null;
    throw nothingInSuspense();
  }
  const outOfSuspense = suspenseMinor > 0n;
  const amountMinor = outOfSuspense ? suspenseMinor : -suspenseMinor;
  return { counterpart: COUNTERPARTS[resolution], outOfSuspense, amountMinor };
}
