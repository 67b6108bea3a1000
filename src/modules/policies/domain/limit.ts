import type { FieldError } from '../../../domain/errors.js';
import { formatAmount } from '../../../domain/money.js';

/** `day`: the calendar day in UTC. */
export const LIMIT_PERIODS = ['bulk', 'day'] as const;
export type LimitPeriod = (typeof LIMIT_PERIODS)[number];

/** How much may be accepted; a maximum that is null does not limit, and one of the two is there. */
export interface PaymentLimit {
  /** Null: of all accounts of the organization in this currency together. */
  readonly accountId: string | null;
  readonly currency: string;
  readonly per: LimitPeriod;
  readonly maxMinor: bigint | null;
  readonly maxCount: number | null;
}

export interface PaymentLimits {
  readonly limits: readonly PaymentLimit[];
  /** 0 as long as nobody has set any. */
  readonly version: number;
  readonly updatedAt: Date | null;
}

/** What holds until the platform sets some. */
export const NO_LIMITS: PaymentLimits = { limits: [], version: 0, updatedAt: null };

/** Money in minor units, and lines. */
export interface Spending {
  readonly amountMinor: bigint;
  readonly count: number;
}

/** A limit with what was accepted under it today; nothing for a limit per bulk. */
export interface UsedLimit extends PaymentLimit {
  readonly used: Spending;
}

/** What of the limits would be exceeded; each maximum by itself. */
export function exceededLimits(limits: readonly UsedLimit[], requested: Spending): FieldError[] {
  return limits.flatMap((limit) => {
    const { maxMinor, maxCount, used, per, currency } = limit;
    const errors: FieldError[] = [];
    const amount = (minor: bigint): string => `${currency} ${formatAmount(minor, currency)}`;
    if (maxMinor !== null && used.amountMinor + requested.amountMinor > maxMinor) {
      const [allowed, before, asked] = [maxMinor, used.amountMinor, requested.amountMinor].map(amount);
      errors.push(exceeded(`${per}_amount`, limit, { allowed, before, asked }));
    }
    if (maxCount !== null && used.count + requested.count > maxCount) {
      const [allowed, before, asked] = [maxCount, used.count, requested.count].map((count) => `${count} transfers`);
      errors.push(exceeded(`${per}_count`, limit, { allowed, before, asked }));
    }
    return errors;
  });
}

function exceeded(
  code: string,
  { accountId, per }: PaymentLimit,
  { allowed, before, asked }: Record<'allowed' | 'before' | 'asked', string | undefined>,
): FieldError {
  const whose = accountId === null ? 'the organization' : `account ${accountId}`;
  const detail =
    per === 'bulk'
      ? `Limit of ${whose} for a bulk request: allowed ${allowed}, requested ${asked}.`
      : `Limit of ${whose} for a day (UTC): allowed ${allowed}, used ${before}, requested ${asked}.`;
  // No field of the request is wrong by itself: the pointer is the whole of it (RFC 6901).
  return { pointer: '', code, detail };
}

/** The order in which counters are locked: those of the organization before those of an account. Everybody takes the same. */
export function inLockOrder(limits: readonly UsedLimit[]): UsedLimit[] {
  const ofDay = limits.filter(({ per }) => per === 'day');
  return ofDay.sort((a, b) => (a.accountId ?? '').localeCompare(b.accountId ?? ''));
}
