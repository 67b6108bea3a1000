import fc from 'fast-check';
import { DomainError } from './errors.js';
import { canonicalJson, canonicalPieces } from './canonical-json.js';

/** The same JSON value with the members of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]): [string, unknown] => [key, reordered(member)]);
  return Object.fromEntries(members.reverse());
}

describe('canonicalJson', () => {
  it('sorts keys by UTF-16 code units, as the example of RFC 8785 section 3.2.3', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  it('sorts at every depth and keeps the order of arrays', () => {
    const value = { b: [{ z: 1, a: { d: null, c: true } }, 'x', []], a: {}, '10': 1, '2': 2 };
    expect(canonicalJson(value)).toBe('{"10":1,"2":2,"a":{},"b":[{"a":{"c":true,"d":null},"z":1},"x",[]]}');
  });

  it('does not confuse objects that follow each other with as many members', () => {
    const value = [
      { b: 1, a: { y: 1, x: 2 } },
      { a: 1, b: 2 },
      { a: 1, c: 2 },
      { c: 1, a: 2 },
    ];
    expect(canonicalJson(value)).toBe('[{"a":{"x":2,"y":1},"b":1},{"a":1,"b":2},{"a":1,"c":2},{"a":2,"c":1}]');
  });

  it('is the same text whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reordered(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('says everything JSON.stringify says, and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const plain = JSON.stringify(value);
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(plain));
        expect(canonicalJson(value)).toHaveLength(plain.length);
      }),
    );
  });

  it('escapes every UTF-16 code unit as JSON.stringify does, in keys and in values', () => {
    const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    const different = units.filter((unit) => canonicalJson({ [unit]: unit }) !== JSON.stringify({ [unit]: unit }));
    expect(different).toEqual([]);
  });

  it('counts an undefined member as absent, like a DTO whose field was not sent', () => {
    class Line {
      amount = '1.00';
      purpose?: string = undefined;
    }
    expect(canonicalJson(new Line())).toBe('{"amount":"1.00"}');
    expect(canonicalJson({ only: undefined })).toBe('{}');
  });

  it('keeps a member called __proto__', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"b":1}');
  });

  it.each([
    ['bigint', 1n],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['undefined', undefined],
    ['undefined in an array', [undefined]],
    ['function', { f: () => 1 }],
    ['symbol', Symbol('s')],
    ['Date', { at: new Date(0) }],
    ['Map', new Map([['a', 1]])],
    ['RegExp', /a/],
  ])('refuses what JSON cannot say: %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(DomainError);
  });
});

describe('canonicalPieces', () => {
  it('say the same in pieces that never cut a string in two', () => {
    const line = { name: 'Zoë 😀', amount: '1.00', nested: { b: [1, 2], a: null } };
    const value = { z: Array.from({ length: 5_000 }, () => line), a: 'x'.repeat(100_000), m: { y: 1, x: [[]] } };
    const pieces: string[] = [];
    canonicalPieces(value, (piece) => pieces.push(piece));
    expect(pieces.join('')).toBe(canonicalJson(value));
    expect(JSON.parse(pieces.join(''))).toEqual(value);
    expect(pieces.length).toBeGreaterThan(4);
    expect(pieces.filter((piece) => /[\ud800-\udbff]$/.test(piece))).toEqual([]);
    expect(Math.max(...pieces.slice(2).map(({ length }) => length))).toBeLessThan(70_000);
  });

  it.each([[null], [{}], [[]], ['text'], [{ a: undefined }]])('of %j are its text', (value) => {
    const pieces: string[] = [];
    canonicalPieces(value, (piece) => pieces.push(piece));
    expect(pieces.join('')).toBe(canonicalJson(value));
  });
});
