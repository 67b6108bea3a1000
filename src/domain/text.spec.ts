import fc from 'fast-check';
import { NAME_PATTERN, normalizeText, TEXT_PATTERN } from './text.js';

// ajv compiles patterns with the u flag.
const isText = (text: string): boolean => new RegExp(TEXT_PATTERN, 'u').test(text);
const isName = (text: string): boolean => new RegExp(NAME_PATTERN, 'u').test(text);

const CONTROL = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i)];
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(' ', '\u00a0', '\u3000', 'a', 'é', '😀', '\t', '\u0085', '\ud800', '\udc00') }),
);

describe('free text', () => {
  it.each(['', ' ', 'Salary payment for June 2024', "D'Arcy & Söhne", '山田太郎', '😀', 'a\u0301', '\u2028'])(
    'may be %j',
    (text) => {
      expect(isText(text)).toBe(true);
    },
  );

  it('has no control character, neither C0, DEL nor C1, wherever it stands', () => {
    const accepted = CONTROL.filter((code) => {
      const char = String.fromCharCode(code);
      return [char, `${char}a`, `a${char}`, `a${char}a`].some((text) => isText(text) || isName(text));
    });
    expect(accepted).toEqual([]);
  });

  it.each(['\ud800', 'a\udc00', '\udc00\ud800', '😀\ud83d'])('has no lone surrogate: %j', (text) => {
    expect(isText(text)).toBe(false);
    expect(isName(text)).toBe(false);
  });
});

describe('a name', () => {
  it.each(['', ' ', '   ', '\u00a0', '\u3000 \u2003'])('is more than spaces: %j is none', (text) => {
    expect(isName(text)).toBe(false);
  });

  it.each(['x', ' x', 'x ', ' John  Doe ', '\u00a0é', '😀'])('may have spaces around it: %j', (text) => {
    expect(isName(text)).toBe(true);
  });

  it('is any text that trimming leaves something of', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(isName(text)).toBe(isText(text) && text.trim() !== '');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('normalizeText', () => {
  it('makes a composed and a decomposed letter the same', () => {
    expect(normalizeText('Zoe\u0308')).toBe('Zoë');
    expect(normalizeText('\u212b')).toBe('Å');
  });

  it('changes nothing the second time, and never what is already plain', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme-ascii' }), (text, plain) => {
        expect(normalizeText(normalizeText(text))).toBe(normalizeText(text));
        expect(normalizeText(plain)).toBe(plain);
      }),
    );
  });
});
