import fc from 'fast-check';
import { DomainError } from '../../domain/errors.js';
import { parseStrictJson } from './strict-json.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): unknown => parseStrictJson(bytes(text));

/** The message of the refusal, whose code is always the same. */
function refusal(body: string | Uint8Array): string {
  try {
    parseStrictJson(typeof body === 'string' ? bytes(body) : body);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_json' });
    return (error as DomainError).message;
  }
  throw new Error('accepted');
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Any JSON without prototype keys, which fast-check likes to produce. */
const harmless = fc
  .jsonValue({ maxDepth: 6 })
  .filter((value) => !/"(__proto__|constructor|prototype)":/.test(JSON.stringify(value)));

describe('strict JSON', () => {
  it('reads what JSON.stringify wrote, indented or not', () => {
    fc.assert(
      fc.property(harmless, fc.constantFrom(0, 2), (value, indent) => {
        expect(parse(JSON.stringify(value, null, indent))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses any object that has a key twice, wherever it stands and whatever the key and values are', () => {
    fc.assert(
      fc.property(harmless, harmless, fc.string(), fc.array(fc.boolean(), { maxLength: 8 }), (one, two, key, wrap) => {
        fc.pre(!['__proto__', 'constructor', 'prototype'].includes(key));
        const name = JSON.stringify(key);
        const twice = `{${name}:${JSON.stringify(one)},${name}:${JSON.stringify(two)}}`;
        const body = wrap.reduce((inner, inObject) => (inObject ? `{"in":${inner}}` : `[1,${inner}]`), twice);
        expect(refusal(body)).toBe('An object has the same key twice.');
      }),
    );
  });

  it.each([
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"\\u0061":2}',
    '{"a\\"":1,"a\\u0022":2}',
    '{"":1,"":2}',
    '{"1":1,"1":2}',
    '{"a":{"b":1,"c":2,"b":3}}',
    '[{},{"a":":","a":":"}]',
    '{"a\\\\":1,"a\\\\":2}',
  ])('sees through spellings of the same key: %s', (body) => {
    expect(refusal(body)).toBe('An object has the same key twice.');
  });

  it.each([
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":":"}',
    '{"a\\\\":1,"a\\\\\\"":2,"a\\"":3}',
    '{"a:b":":::","c":["x:y",":"]}',
    '[{"a":1},{"a":1}]',
    '{"a":{"a":{"a":1}}}',
    '{"é":1,"e\\u0301":2}',
    '{"toString":1,"hasOwnProperty":2,"length":3}',
    '" : "',
    '0',
  ])('is not fooled by quotes, colons and backslashes inside strings: %s', (body) => {
    expect(parse(body)).toEqual(JSON.parse(body));
  });

  it.each(['{"__proto__":{"admin":true}}', '{"a":[{"constructor":1}]}', '{"prototype":null}', '{"\\u005f_proto__":1}'])(
    'refuses keys that mean something to JavaScript: %s',
    (body) => {
      expect(refusal(body)).toContain('is not allowed as a key');
    },
  );

  it('accepts 20 levels and refuses 21, however many there are', () => {
    expect(parse(nested(20))).toBeDefined();
    expect(refusal(nested(21))).toContain('20 levels');
    expect(refusal(nested(500_000))).toContain('20 levels');
    expect(refusal('['.repeat(500_000))).toContain('20 levels');
    expect(parse(`[[],[],"${'['.repeat(30)}",${nested(19)}]`)).toBeDefined();
    expect(refusal(`${'{"a":'.repeat(21)}1${'}'.repeat(21)}`)).toContain('20 levels');
  });

  it('refuses an object of thousands of keys', () => {
    const object = (keys: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, i])));
    expect(parse(object(1_000))).toBeDefined();
    expect(refusal(object(1_001))).toContain('1000 keys');
  });

  it.each([
    '',
    ' ',
    '{',
    '{"a":1,}',
    "{'a':1}",
    'undefined',
    'NaN',
    '[1 2]',
    '{"a":1}{"b":2}',
    '"\u0001"',
    '// x\n1',
    '01',
  ])('refuses broken JSON: %j', (body) => {
    expect(refusal(body)).toContain('not JSON');
  });

  it('never quotes the body', () => {
    expect(refusal('{"iban": DE89370400440532013000}')).not.toContain('DE89');
  });

  it.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong encoding', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut character', [0x22, 0xe2, 0x82, 0x22]],
    ['Latin-1', [0x22, 0xe9, 0x22]],
  ])('refuses %s', (_, body) => {
    expect(refusal(Uint8Array.from(body))).toBe('The body is not UTF-8.');
  });

  it('refuses a byte order mark', () => {
    expect(refusal('\ufeff{}')).toContain('byte order mark');
    expect(refusal(Uint8Array.from([0xff, 0xfe, 0x7b, 0x00]))).toBe('The body is not UTF-8.');
  });
});

describe('how much a body may have', () => {
  const objects = (count: number, keys: number): string => {
    const one = `{${Array.from({ length: keys }, (_, i) => `"k${i}":1`).join()}}`;
    return `[${`${one},`.repeat(count - 1)}${one}]`;
  };

  it('is enough for a hundred thousand lines with every field there is', () => {
    const line = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`field_${i}`, '1']));
    const text = JSON.stringify({ credit_transfers: Array.from({ length: 100_000 }, () => line) });
    expect(parseStrictJson(bytes(text))).toMatchObject({ credit_transfers: { length: 100_000 } });
  });

  it.each([
    ['keys', () => objects(2_001, 1_000), 'more than 2000000 keys'],
    ['values', () => `[${'0,'.repeat(2_500_001)}0]`, 'more than 2500000 values'],
    ['a string', () => `["${'x'.repeat(131_072)}"]`, 'longer than 131072 bytes'],
    ['a string of escapes', () => `["${'\\u0041'.repeat(21_846)}"]`, 'longer than 131072 bytes'],
  ])('is bounded: %s', (_, text, message) => {
    expect(() => parseStrictJson(bytes(text()))).toThrow(message);
  });

  it('does not count what is inside of strings', () => {
    expect(parseStrictJson(bytes(`["${',:'.repeat(60_000)}"]`))).toHaveLength(1);
  });
});
