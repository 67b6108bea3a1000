import type { NewLedgerEntry } from './ledger-entry.js';

/** What entries have in common: from where to where money goes, and why. */
export type Leg = Pick<NewLedgerEntry, 'debitAccountId' | 'creditAccountId' | 'currency' | 'kind'>;

/**
 * The different legs of entries, and for each entry which one is its own, counted from 1 as PostgreSQL's arrays are. The entries of a chunk
 * mostly have one leg between them: sent and read once, not five hundred times.
 */
export function legsOf(entries: readonly NewLedgerEntry[]): { legs: Leg[]; legOf: number[] } {
  const legs: Leg[] = [];
  const numbers = new Map<string, number>();
  const legOf: number[] = [];
  let last: Leg | undefined;
  let lastNumber = 0;
  for (const entry of entries) {
    if (!last || !isSame(last, entry)) {
      const key = `${entry.debitAccountId} ${entry.creditAccountId} ${entry.currency} ${entry.kind}`;
      let number = numbers.get(key);
      if (number === undefined) {
        number = legs.push(entry);
        numbers.set(key, number);
      }
      last = entry;
      lastNumber = number;
    }
    legOf.push(lastNumber);
  }
  return { legs, legOf };
}

const isSame = (a: Leg, b: Leg): boolean =>
  a.debitAccountId === b.debitAccountId &&
  a.creditAccountId === b.creditAccountId &&
  a.currency === b.currency &&
  a.kind === b.kind;
