import fc from 'fast-check';
import type { NewLedgerEntry } from './ledger-entry.js';
import { legsOf } from './legs.js';

const entry = (
  debitAccountId: string,
  creditAccountId: string,
  values: Partial<NewLedgerEntry> = {},
): NewLedgerEntry => ({
  debitAccountId,
  creditAccountId,
  amountMinor: 1n,
  currency: 'EUR',
  kind: 'settlement',
  ...values,
});

describe('the legs of entries', () => {
  it('are one for all that go the same way for the same reason', () => {
    const entries = [entry('a', 'b'), entry('a', 'b', { amountMinor: 2n, transferId: 't' })];
    expect(legsOf(entries)).toMatchObject({ legs: [{ debitAccountId: 'a', creditAccountId: 'b' }], legOf: [1, 1] });
  });

  it('are counted from 1, and one that comes again keeps its number', () => {
    const entries = [entry('a', 'b'), entry('b', 'a'), entry('a', 'b'), entry('a', 'b', { kind: 'return' })];
    expect(legsOf(entries).legOf).toEqual([1, 2, 1, 3]);
    expect(legsOf([entry('a', 'b'), entry('a', 'b', { currency: 'JPY' })]).legOf).toEqual([1, 2]);
    expect(legsOf([])).toEqual({ legs: [], legOf: [] });
  });

  it('say of every entry what it says itself, whatever the entries, and none twice', () => {
    const account = fc.constantFrom('a', 'b', 'c');
    const anyEntry = fc.record({
      debitAccountId: account,
      creditAccountId: account,
      amountMinor: fc.constant(1n),
      currency: fc.constantFrom('EUR' as const, 'JPY' as const),
      kind: fc.constantFrom('settlement' as const, 'return' as const),
    });
    fc.assert(
      fc.property(fc.array(anyEntry), (entries) => {
        const { legs, legOf } = legsOf(entries);
        const told = legOf.map((number) => legs[number - 1]);
        const facts = (leg: (typeof legs)[number] | undefined) =>
          [leg?.debitAccountId, leg?.creditAccountId, leg?.currency, leg?.kind].join(' ');
        expect(told.map(facts)).toEqual(entries.map(facts));
        expect(new Set(legs.map(facts)).size).toBe(legs.length);
      }),
    );
  });
});
