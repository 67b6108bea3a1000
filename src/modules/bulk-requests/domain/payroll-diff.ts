/** A line as the comparison of two bulks sees it. */
export interface ComparedLine {
  readonly transferId: string;
  readonly line: number;
  /** Keyed digest of the counterparty's IBAN. */
  readonly counterpartyIndex: bigint;
  readonly counterpartyName: string;
  readonly amountMinor: bigint;
}

/** All lines of one bulk to one counterparty. */
export interface ComparedCounterparty {
  /** The first of its lines. */
  readonly transferId: string;
  readonly line: number;
  readonly name: string;
  readonly amountMinor: bigint;
}

/** The same counterparty in both bulks, as far as can be told. */
export interface ComparedPair {
  readonly previous: ComparedCounterparty;
  readonly current: ComparedCounterparty;
}

export interface PayrollDiff {
  /** Paid now and not the last time; neither is their name known. */
  readonly added: readonly ComparedCounterparty[];
  /** Paid the last time and not now. */
  readonly missing: readonly ComparedCounterparty[];
  /** The name of somebody paid the last time, at another IBAN: how most payrolls are robbed. */
  readonly changedIbans: readonly ComparedPair[];
  /** The same IBAN, and an amount that is off by more than the tolerance. */
  readonly changedAmounts: readonly ComparedPair[];
  readonly unchanged: number;
}

/**
 * Compares a bulk with the one before it, counterparty by counterparty: several lines to one are added up. A name stands for a person only
 * where it stands for one on each side.
 *
 * @param tolerancePercent amounts may differ by as much of the previous one; whole number
 */
export function diffPayrolls(
  previous: Iterable<ComparedLine>,
  current: Iterable<ComparedLine>,
  tolerancePercent: number,
): PayrollDiff {
  const before = byCounterparty(previous);
  const now = byCounterparty(current);
  const both = [...now].flatMap(([key, value]) => {
    const earlier = before.get(key);
    return earlier ? [{ previous: earlier, current: value }] : [];
  });
  const added = [...now].filter(([key]) => !before.has(key)).map(([, value]) => value);
  const missing = [...before].filter(([key]) => !now.has(key)).map(([, value]) => value);
  const changedIbans = sameNames(missing, added);
  const renamed = new Set(changedIbans.flatMap((pair) => [pair.previous, pair.current]));
  const changedAmounts = both.filter((pair) => isOff(pair, tolerancePercent));
  return {
    added: added.filter((one) => !renamed.has(one)),
    missing: missing.filter((one) => !renamed.has(one)),
    changedIbans,
    changedAmounts,
    unchanged: both.length - changedAmounts.length,
  };
}

function byCounterparty(lines: Iterable<ComparedLine>): Map<bigint, ComparedCounterparty> {
  const found = new Map<bigint, ComparedCounterparty>();
  for (const { counterpartyIndex, counterpartyName, transferId, line, amountMinor } of lines) {
    const known = found.get(counterpartyIndex);
    found.set(
      counterpartyIndex,
      known
        ? { ...known, amountMinor: known.amountMinor + amountMinor }
        : { transferId, line, name: counterpartyName, amountMinor },
    );
  }
  return found;
}

/** Those whose name is one person's on each side, in the order of the current bulk. */
function sameNames(missing: readonly ComparedCounterparty[], added: readonly ComparedCounterparty[]): ComparedPair[] {
  const missingByName = byName(missing);
  return [...byName(added)].flatMap(([name, current]) => {
    const previous = missingByName.get(name);
    return current && previous ? [{ previous, current }] : [];
  });
}

/** Null where a name is that of several. */
function byName(counterparties: readonly ComparedCounterparty[]): Map<string, ComparedCounterparty | null> {
  const found = new Map<string, ComparedCounterparty | null>();
  for (const one of counterparties) {
    const name = comparableName(one.name);
    found.set(name, found.has(name) ? null : one);
  }
  return found;
}

/** Banks and payroll systems disagree about case and spaces. */
const comparableName = (name: string): string => name.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();

function isOff({ previous, current }: ComparedPair, tolerancePercent: number): boolean {
  const difference = current.amountMinor - previous.amountMinor;
  const absolute = difference < 0n ? -difference : difference;
  return absolute * 100n > previous.amountMinor * BigInt(tolerancePercent);
}
