import fc from 'fast-check';
import { groupLines, lineAt, type LineOutcome, linesOf } from './line-block.js';

const paid = (line: number): LineOutcome => ({ line, to: 'settled', code: null });
const failed = (line: number, code: string | null): LineOutcome => ({ line, to: 'failed', code });

const outcomes = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }).chain((lines) =>
  fc.tuple(
    ...lines.map((line) =>
      fc.record({
        line: fc.constant(line),
        to: fc.constantFrom('settled', 'failed', 'in_doubt'),
        code: fc.option(fc.constantFrom('', 'AC04', 'AM05', ' AC04', 'null'), { nil: null }),
      }),
    ),
  ),
);

describe('a block of lines', () => {
  it('has one run for lines that follow each other and became the same', () => {
    const lines = Array.from({ length: 500 }, (_, line) => paid(line));
    expect(groupLines(lines)).toEqual([{ to: 'settled', code: null, lines: [[0, 499]] }]);
  });

  it('keeps lines apart that became something else, or for another reason', () => {
    const lines = [failed(3, 'AC04'), paid(0), paid(1), failed(2, null), paid(4), failed(5, 'AC04')];
    expect(groupLines(lines)).toEqual([
      {
        to: 'settled',
        code: null,
        lines: [
          [0, 1],
          [4, 4],
        ],
      },
      { to: 'failed', code: null, lines: [[2, 2]] },
      {
        to: 'failed',
        code: 'AC04',
        lines: [
          [3, 3],
          [5, 5],
        ],
      },
    ]);
  });

  it('is opened in the order of its lines', () => {
    const lines = [paid(2), failed(1, 'AC04'), paid(0)];
    expect(linesOf(groupLines(lines))).toEqual([paid(0), failed(1, 'AC04'), paid(2)]);
    expect(linesOf([])).toEqual([]);
  });

  it('gives back what it was made of, whatever that was, also after it was stored', () => {
    fc.assert(
      fc.property(outcomes, (lines) => {
        const stored = JSON.parse(JSON.stringify(groupLines(lines))) as ReturnType<typeof groupLines>;
        expect(linesOf(stored)).toEqual([...lines].sort((a, b) => a.line - b.line));
      }),
    );
  });

  it('is opened at one place as if all of it were', () => {
    fc.assert(
      fc.property(outcomes, (lines) => {
        const groups = groupLines(lines);
        const all = linesOf(groups);
        for (const [place, line] of all.entries()) expect(lineAt(groups, place)).toEqual(line);
        expect([lineAt(groups, -1), lineAt(groups, all.length)]).toEqual([null, null]);
      }),
    );
  });

  it('costs no more to open at one place, however many lines are in a run', () => {
    const groups = [
      { to: 'settled', code: null, lines: [[0, 4e15] as const] },
      { to: 'failed', code: 'AC04', lines: [[4e15 + 1, 4e15 + 2] as const] },
    ];
    expect(lineAt(groups, 4e15)).toEqual(paid(4e15));
    expect(lineAt(groups, 4e15 + 2)).toEqual(failed(4e15 + 2, 'AC04'));
  });

  it('has no more runs than it needs: two that meet became different things', () => {
    fc.assert(
      fc.property(outcomes, (lines) => {
        for (const { lines: runs } of groupLines(lines)) {
          runs.forEach(([first, last], index) => {
            expect(first).toBeLessThanOrEqual(last);
            if (index > 0) expect(first).toBeGreaterThan((runs[index - 1]?.[1] ?? 0) + 1);
          });
        }
      }),
    );
  });
});
