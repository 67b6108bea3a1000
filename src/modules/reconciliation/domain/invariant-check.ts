import type { NewBreak } from './break.js';
import type { FindingContext } from './find-breaks.js';

/** What is checked of our own books, by its name in the result of a run. The numbers are those of docs/testing.md. */
export const INVARIANT_CHECKS = {
  currency_sums_to_zero: 'What one account has, another owes: per currency all balances together are zero (1)',
  posted_is_sum_of_entries: 'The posted balance of an account is the sum of its entries (1)',
  reserved_is_sum_of_holds: 'The reserved balance of an account is the sum of its open holds (2)',
  hold_follows_lines: 'A hold gives up what its lines ended with, and nothing else (2)',
  settlement_booked_once: 'A transfer is booked as its state says, once, with its amount (3)',
  lines_of_bulk_exist: 'Every line of an accepted bulk request exists (5)',
  open_line_has_work: 'Every open line is in a chunk that is not closed (5)',
  completed_once: 'A bulk request is completed exactly when its state is final, and then nothing of it is open (6)',
} as const;
export type InvariantCheck = keyof typeof INVARIANT_CHECKS;

/** One offender. */
export interface Violation {
  /** What it is about: an account, a transfer, a bulk request, a currency. */
  readonly subject: string;
  readonly organizationId: string | null;
  readonly bulkId: string | null;
  readonly transferId: string | null;
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  /** Facts, amounts in minor units. */
  readonly expected: string;
  readonly found: string;
}

/** How many offenders each check found. */
export interface InvariantReport {
  readonly kept: boolean;
  readonly checks: readonly { readonly check: InvariantCheck; readonly violations: number }[];
}

export function reportOf(violations: Readonly<Partial<Record<InvariantCheck, number>>>): InvariantReport {
  const names = Object.keys(INVARIANT_CHECKS) as InvariantCheck[];
  const checks = names.map((check) => ({ check, violations: violations[check] ?? 0 }));
  return { kept: checks.every((one) => one.violations === 0), checks };
}

export const invariantKey = (check: InvariantCheck, subject: string): string => `invariant:${check}:${subject}`;

export function breakOfViolation(
  check: InvariantCheck,
  violation: Violation,
  { rail, runId }: FindingContext,
): NewBreak {
  const { subject, expected, found, ...about } = violation;
  return {
    ...about,
    rail,
    runId,
    class: 'invariant',
    source: 'invariants',
    expected: `${INVARIANT_CHECKS[check]}. ${expected}`,
    found,
    dedupeKey: invariantKey(check, subject),
  };
}
