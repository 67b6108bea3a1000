import { type FinalCounts, leftTheHold } from './completion.js';

/** A bulk's money as three books tell it, in minor units. */
export interface CountedMoney {
  readonly counts: FinalCounts;
  readonly hold: { readonly amountMinor: bigint; readonly capturedMinor: bigint; readonly releasedMinor: bigint };
  /** What the ledger booked as settled for the bulk's lines. */
  readonly settledEntriesMinor: bigint;
  /** What the account keeps reserved beyond all its open holds, this one included; zero when they agree. */
  readonly unheldMinor: bigint;
}

export type HoldVerdict =
  | { readonly kind: 'right' }
  /**
   * Ledger and lines agree, and the hold lags behind them: what it has to give up, each at least zero, and whether the account still
   * keeps that reserved or gave it up without the hold.
   */
  | {
      readonly kind: 'lags';
      readonly capturedMinor: bigint;
      readonly releasedMinor: bigint;
      readonly isStillReserved: boolean;
    }
  /** No two books that could outvote the third: only a person can tell which is right. */
  | { readonly kind: 'disputed' };

/**
 * Whether the hold of a bulk has given up what its lines say. Money is released or captured without a person only where the ledger agrees
 * with the lines, and only what the hold still keeps.
 */
export function judgeHold({ counts, hold, settledEntriesMinor, unheldMinor }: CountedMoney): HoldVerdict {
  const { capturedMinor, releasedMinor } = leftTheHold(counts);
  if (settledEntriesMinor !== capturedMinor || capturedMinor + releasedMinor > hold.amountMinor)
    return { kind: 'disputed' };
  const lags = {
    capturedMinor: capturedMinor - hold.capturedMinor,
    releasedMinor: releasedMinor - hold.releasedMinor,
  };
  if (lags.capturedMinor < 0n || lags.releasedMinor < 0n) return { kind: 'disputed' };
  const lagMinor = lags.capturedMinor + lags.releasedMinor;
  if (lagMinor === 0n) return unheldMinor === 0n ? { kind: 'right' } : { kind: 'disputed' };
  if (unheldMinor === 0n) return { kind: 'lags', ...lags, isStillReserved: true };
  return unheldMinor === -lagMinor ? { kind: 'lags', ...lags, isStillReserved: false } : { kind: 'disputed' };
}
