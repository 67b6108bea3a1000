import fc from 'fast-check';
import { type RecordedLine, textOfLine, totalsByStatus } from './recorded-lines.js';

const LINE: RecordedLine = { id: 'a', from: 'submitting', to: 'settled', attempts: 1, railId: 'R1', code: null };

describe('a line in the digest of its chunk', () => {
  it('is its fields between bars, in one line of text', () => {
    expect(textOfLine(LINE)).toBe('a|submitting|settled|1|R1|\n');
    expect(textOfLine({ ...LINE, to: 'failed', railId: null, code: 'AC04' })).toBe('a|submitting|failed|1||AC04\n');
  });

  it('says different things differently, whatever a rail puts into its id and code', () => {
    const text = fc.string({ unit: fc.constantFrom('|', '\\', '\n', 'n', 'a') });
    fc.assert(
      fc.property(text, text, text, text, (railId, code, otherId, otherCode) => {
        const same = railId === otherId && code === otherCode;
        const [one, other] = [
          textOfLine({ ...LINE, railId, code }),
          textOfLine({ ...LINE, railId: otherId, code: otherCode }),
        ];
        expect(one === other).toBe(same);
        expect(one.indexOf('\n')).toBe(one.length - 1);
      }),
    );
  });
});

describe('the totals of a chunk', () => {
  it('count its lines by the state they have now', () => {
    const lines = ['settled', 'failed', 'settled'].map((to) => ({ ...LINE, to }));
    expect(totalsByStatus(lines)).toEqual({ settled: 2, failed: 1 });
    expect(totalsByStatus([])).toEqual({});
  });
});
