import fc from 'fast-check';
import { alikeWithin, decideDuplicates, type Fingerprinted, mergeSuspected, strictest } from './duplicate.js';

const line = (number: number, values: Partial<Fingerprinted> = {}): Fingerprinted => ({
  line: number,
  counterpartyIndex: 1n,
  amountMinor: 100n,
  purposeCode: null,
  ...values,
});

describe('payments that look alike', () => {
  it('are those with the same counterparty, amount and purpose: each but the first is named', () => {
    expect(alikeWithin([line(0), line(1), line(2)])).toEqual([
      { line: 1, transferId: null, likeLine: 0 },
      { line: 2, transferId: null, likeLine: 0 },
    ]);
  });

  it.each([
    ['another counterparty', { counterpartyIndex: 2n }],
    ['another amount', { amountMinor: 101n }],
    ['another purpose', { purposeCode: 'SALA' }],
  ])('are not those with %s', (_, values) => {
    expect(alikeWithin([line(0), line(1, values)])).toEqual([]);
  });

  it('leave as many unnamed as there are different ones', () => {
    const anyLines = fc.array(fc.tuple(fc.bigInt(0n, 3n), fc.bigInt(1n, 3n), fc.constantFrom(null, 'SALA', 'BONU')));
    fc.assert(
      fc.property(anyLines, (drawn) => {
        const lines = drawn.map(([counterpartyIndex, amountMinor, purposeCode], index) =>
          line(index, { counterpartyIndex, amountMinor, purposeCode }),
        );
        const different = new Set(drawn.map(([a, b, c]) => `${a}/${b}/${c}`)).size;
        expect(alikeWithin(lines)).toHaveLength(lines.length - different);
      }),
    );
  });

  it('are told once a line, as like an earlier payment rather than like an earlier line', () => {
    const within = [
      { line: 3, transferId: null, likeLine: 1 },
      { line: 2, transferId: null, likeLine: 1 },
    ];
    const earlier = [{ line: 3, transferId: 'x', likeLine: null }];
    expect(mergeSuspected(earlier, within)).toEqual([within[1], earlier[0]]);
  });
});

describe('what is done about them', () => {
  it.each([
    ['warn', undefined, 'warn'],
    ['warn', 'block', 'block'],
    ['hold', 'warn', 'hold'],
    ['block', 'hold', 'block'],
    ['hold', 'block', 'block'],
  ] as const)('is the stricter of the organization (%s) and the request (%s)', (own, asked, expected) => {
    expect(strictest(own, asked)).toBe(expected);
  });

  it.each([
    ['warn', 0, null, 'accept'],
    ['block', 0, null, 'accept'],
    ['warn', 1, null, 'warn'],
    ['hold', 1, null, 'hold'],
    ['hold', 1, 'Two shifts', 'hold'],
    ['block', 1, null, 'refuse'],
    ['block', 1, 'Two shifts', 'warn'],
  ] as const)('under %s with %i of them and the override %p: %s', (policy, found, override, expected) => {
    expect(decideDuplicates(policy, found, override)).toBe(expected);
  });
});
