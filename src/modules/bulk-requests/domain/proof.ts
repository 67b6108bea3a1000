/** Some lines, or some ledger entries: how many, and what they come to in minor units. */
export interface Sum {
  readonly count: number;
  readonly sumMinor: bigint;
}

/** Lines of a bulk by what became of their money. */
export interface LineSums {
  /** Settled, or settled and later returned. */
  readonly paid: Sum;
  /** The part of the paid ones that came back. */
  readonly returned: Sum;
  /** Failed or cancelled. */
  readonly unpaid: Sum;
  readonly open: Sum;
}

/** Everything that has to agree about a bulk's money, seen at one moment. Amounts are minor units. */
export interface ProofFacts {
  /** It takes payments back: nothing is reserved, and its lines are booked as reversals. */
  readonly isReversal: boolean;
  readonly transferCount: number;
  readonly totalMinor: bigint;
  readonly hold: {
    readonly amountMinor: bigint;
    readonly capturedMinor: bigint;
    readonly releasedMinor: bigint;
  } | null;
  readonly lines: LineSums;
  /** Ledger entries of its transfers, by kind. */
  readonly booked: ReadonlyMap<string, Sum>;
}

/** reserved = settled + released + open */
export interface Reservation {
  readonly reservedMinor: bigint;
  /** Paid, whether or not it came back later. */
  readonly settledMinor: bigint;
  readonly releasedMinor: bigint;
  readonly openMinor: bigint;
}

export const NOTHING: Sum = { count: 0, sumMinor: 0n };

const PAID: readonly string[] = ['settled', 'returned'];
const UNPAID: readonly string[] = ['failed', 'cancelled'];

/** Sums up lines as they come. */
export class LineSummation implements LineSums {
  paid = NOTHING;
  returned = NOTHING;
  unpaid = NOTHING;
  open = NOTHING;

  add({ status, amountMinor }: { readonly status: string; readonly amountMinor: bigint }): void {
    if (status === 'returned') this.returned = plus(this.returned, amountMinor);
    if (PAID.includes(status)) this.paid = plus(this.paid, amountMinor);
    else if (UNPAID.includes(status)) this.unpaid = plus(this.unpaid, amountMinor);
    else this.open = plus(this.open, amountMinor);
  }
}

const plus = ({ count, sumMinor }: Sum, amountMinor: bigint): Sum => ({
  count: count + 1,
  sumMinor: sumMinor + amountMinor,
});

/** What was reserved, as the hold says, and what became of it, as the lines say. A reversal reserves nothing: all is zero. */
export function reservationOf({ isReversal, hold, lines }: ProofFacts): Reservation {
  return {
    reservedMinor: hold?.amountMinor ?? 0n,
    settledMinor: isReversal ? 0n : lines.paid.sumMinor,
    releasedMinor: isReversal ? 0n : lines.unpaid.sumMinor,
    openMinor: isReversal ? 0n : lines.open.sumMinor,
  };
}

/**
 * Whether they all agree: every accepted line is there, the hold gave up what the lines ended with and nothing else, and every paid or
 * returned line is in the ledger with its amount. What is on its way to another organization, and what is in suspense, is of no account
 * here: neither changes what became of a line.
 */
export function isBalanced(facts: ProofFacts): boolean {
  const { isReversal, lines, booked } = facts;
  const [paidAs, neverAs] = isReversal ? ['reversal', 'settlement'] : ['settlement', 'reversal'];
  const bookedAs = (kind: string): Sum => booked.get(kind) ?? NOTHING;
  return (
    isComplete(facts) &&
    isHoldRight(facts) &&
    isSame(bookedAs(paidAs), lines.paid) &&
    isSame(bookedAs(neverAs), NOTHING) &&
    isSame(bookedAs('return'), lines.returned)
  );
}

function isComplete({ lines: { paid, unpaid, open }, transferCount, totalMinor }: ProofFacts): boolean {
  const all = {
    count: paid.count + unpaid.count + open.count,
    sumMinor: paid.sumMinor + unpaid.sumMinor + open.sumMinor,
  };
  return isSame(all, { count: transferCount, sumMinor: totalMinor });
}

function isHoldRight({ isReversal, hold, lines, totalMinor }: ProofFacts): boolean {
  if (isReversal) return hold === null;
  return (
    hold !== null &&
    hold.amountMinor === totalMinor &&
    hold.capturedMinor === lines.paid.sumMinor &&
    hold.releasedMinor === lines.unpaid.sumMinor
  );
}

const isSame = (one: Sum, other: Sum): boolean => one.count === other.count && one.sumMinor === other.sumMinor;
