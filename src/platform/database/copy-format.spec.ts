import fc from 'fast-check';
import { copyRow } from './copy-format.js';

/** COPY's text format, read back by its rules. */
function parseRow(row: string): (string | null)[] {
  const unescape = (field: string) =>
    field.replace(/\\(.)/g, (_, char: string) => ({ t: '\t', n: '\n', r: '\r' })[char] ?? char);
  return row
    .slice(0, -1)
    .split('\t')
    .map((field) => (field === '\\N' ? null : unescape(field)));
}

describe('a row of COPY', () => {
  it('has its fields between tabs and ends its line', () => {
    expect(copyRow(['a', 1, 9_007_199_254_740_993n, null, ''])).toBe('a\t1\t9007199254740993\t\\N\t\n');
  });

  it('writes bytes in hexadecimal, as a bytea is read', () => {
    expect(parseRow(copyRow([Buffer.from([0, 255, 16]), new Uint8Array(0)]))).toEqual(['\\x00ff10', '\\x']);
  });

  it.each([
    ['\\N', '\\\\N\n'],
    ['\\.', '\\\\.\n'],
    ['a\tb', 'a\\tb\n'],
    ['a\nb\r', 'a\\nb\\r\n'],
    ['C:\\new', 'C:\\\\new\n'],
  ])('takes nothing in a text for a command of its own: %j', (text, row) => {
    expect(copyRow([text])).toBe(row);
  });

  it('gives back every text it was given, and one field for each', () => {
    const texts = fc.string({ unit: fc.constantFrom('\\', '\t', '\n', '\r', 'N', '.', 't', "'", '"', 'é', '😀') });
    fc.assert(
      fc.property(fc.array(fc.option(texts), { minLength: 1, maxLength: 5 }), (values) => {
        const row = copyRow(values);
        expect(row.indexOf('\n')).toBe(row.length - 1);
        expect(parseRow(row)).toEqual(values);
      }),
    );
  });
});
