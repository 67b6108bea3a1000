import fc from 'fast-check';
import { type ComparedLine, diffPayrolls } from './payroll-diff.js';

let lines = 0;
const pay = (counterpartyIndex: bigint, counterpartyName: string, amountMinor = 1_000n): ComparedLine => {
  const line = lines++;
  return { transferId: `t${line}`, line, counterpartyIndex, counterpartyName, amountMinor };
};
const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);

describe('the difference between two payrolls', () => {
  it('is nothing between two that pay the same people the same', () => {
    const previous = [pay(1n, 'Ann'), pay(2n, 'Bob')];
    const current = [pay(2n, 'Bob'), pay(1n, 'Ann')];
    expect(diffPayrolls(previous, current, 0)).toEqual({
      added: [],
      missing: [],
      changedIbans: [],
      changedAmounts: [],
      unchanged: 2,
    });
  });

  it('names who is new and who is missing', () => {
    const diff = diffPayrolls([pay(1n, 'Ann'), pay(2n, 'Bob')], [pay(2n, 'Bob'), pay(3n, 'Eve')], 0);
    expect([names(diff.added), names(diff.missing), diff.unchanged]).toEqual([['Eve'], ['Ann'], 1]);
  });

  it('tells a known name at another IBAN from somebody new, however it is written', () => {
    const diff = diffPayrolls([pay(1n, 'Ann  Smith'), pay(2n, 'Bob')], [pay(9n, 'ANN SMITH '), pay(2n, 'Bob')], 0);
    expect(diff.changedIbans.map(({ previous, current }) => [previous.name, current.name])).toEqual([
      ['Ann  Smith', 'ANN SMITH '],
    ]);
    expect([diff.added, diff.missing]).toEqual([[], []]);
  });

  it('does not guess which of two people of one name changed the IBAN', () => {
    const diff = diffPayrolls([pay(1n, 'Ann'), pay(2n, 'Ann')], [pay(3n, 'Ann')], 0);
    expect([diff.changedIbans, names(diff.added), names(diff.missing)]).toEqual([[], ['Ann'], ['Ann', 'Ann']]);
  });

  it.each([
    [10, 1_100n, false],
    [10, 1_101n, true],
    [10, 899n, true],
    [10, 900n, false],
    [0, 1_001n, true],
    [100, 2_000n, false],
    [100, 2_001n, true],
  ])('with a tolerance of %i %%, 10.00 that became %i minor units is off: %p', (tolerance, amount, isOff) => {
    const diff = diffPayrolls([pay(1n, 'Ann', 1_000n)], [pay(1n, 'Ann', amount)], tolerance);
    expect(diff.changedAmounts).toHaveLength(isOff ? 1 : 0);
  });

  it('adds up what one person gets in several lines', () => {
    const previous = [pay(1n, 'Ann', 600n), pay(1n, 'Ann', 400n)];
    expect(diffPayrolls(previous, [pay(1n, 'Ann', 1_000n)], 0)).toMatchObject({ changedAmounts: [], unchanged: 1 });
  });

  it('counts every counterparty of both exactly once', () => {
    const payroll = fc.array(fc.tuple(fc.bigInt(1n, 8n), fc.constantFrom('Ann', 'Bob', 'Eve'), fc.bigInt(1n, 50n)));
    const toLines = (drawn: [bigint, string, bigint][]) =>
      drawn.map(([index, name, amount]) => pay(index, name, amount));
    fc.assert(
      fc.property(payroll, payroll, fc.integer({ min: 0, max: 100 }), (a, b, tolerance) => {
        const diff = diffPayrolls(toLines(a), toLines(b), tolerance);
        const paired = diff.changedIbans.length + diff.changedAmounts.length + diff.unchanged;
        expect(paired + diff.missing.length).toBe(new Set(a.map(([index]) => index)).size);
        expect(paired + diff.added.length).toBe(new Set(b.map(([index]) => index)).size);
      }),
    );
  });
});
