import { Ajv2020 } from 'ajv/dist/2020.js';
import { coerceQuery } from './query-coercion.js';
import { SchemaCheck } from './schema-check.js';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const check = (schema: object) => new SchemaCheck(schema, ajv);
const refusals = (schema: object, value: unknown) =>
  check(schema)
    .violations(value)
    .errors.map(({ pointer, code }) => `${pointer} ${code}`);

const object = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

describe('violations of a schema', () => {
  it.each<[object, unknown, string[]]>([
    [{ type: 'integer', minimum: 1 }, 0, [' range']],
    [{ type: 'integer', maximum: 1 }, 2, [' range']],
    [{ type: 'number', exclusiveMinimum: 0 }, 0, [' range']],
    [{ type: 'number', exclusiveMaximum: 0 }, 0, [' range']],
    [{ const: 1 }, 2, [' enum']],
    [object({}, { minProperties: 1 }), {}, [' too_few']],
    [{ type: 'object', propertyNames: { pattern: '^[a-z]$' } }, { A: 1, b: 2 }, ['/A pattern']],
    [object({ a: { anyOf: [{ type: 'string', maxLength: 1 }, { type: 'null' }] } }), { a: 'xx' }, ['/a too_long']],
    [{ type: 'string', minLength: 1, pattern: '^a' }, '', [' too_short']],
    [{ type: 'object', not: {} }, {}, [' type']],
  ])('are named in the contract’s words: %j', (schema, value, expected) => {
    expect(refusals(schema, value)).toEqual(expected);
  });

  it('tell the limit, never the value', () => {
    const { errors } = check({ type: 'string', maxLength: 3 }).violations('DE89370400440532013000');
    expect(errors).toEqual([{ pointer: '', code: 'too_long', detail: 'may have at most 3 characters' }]);
  });

  it('are none for a value that fits, and lists that are absent or null', () => {
    const lists = object({ lines: { type: ['array', 'null'], items: { type: 'string' } } });
    for (const value of [{}, { lines: null }, { lines: [] }, { lines: ['a'] }]) {
      expect(check(lists).violations(value)).toMatchObject({ errors: [], total: 0 });
    }
  });

  it('of a list over its limit are that alone: its items are not looked at', () => {
    const lists = object({ lines: { type: 'array', maxItems: 2, items: { type: 'string' } } });
    expect(refusals(lists, { lines: [1, 2, 3] })).toEqual(['/lines too_many']);
  });

  it('are counted beyond the hundred that are listed', () => {
    const lists = object({ lines: { type: 'array', items: object({ a: { type: 'string' } }) } });
    const lines = Array.from({ length: 500 }, () => ({ a: 1, b: 2, c: 3 }));
    const violations = check(lists).violations({ lines });
    expect(violations.total).toBe(1_500);
    expect(violations.errors).toHaveLength(100);
  });

  it('start below the prefix', () => {
    expect(check(object({ a: { type: 'string' } })).violations({ b: 1 }, '/query').errors).toEqual([
      { pointer: '/query/b', code: 'unknown_field', detail: 'is not a known field' },
    ]);
  });

  it('refuse a schema that would compare every pair of a list', () => {
    const unique = object({ lines: { type: 'array', uniqueItems: true, items: { type: 'string' } } });
    expect(() => check(unique)).toThrow('uniqueItems');
  });
});

describe('queries', () => {
  const schema = {
    properties: {
      limit: { type: 'integer', default: 50 },
      exact: { type: 'boolean' },
      amount: { type: 'number' },
      status: { type: 'array', items: { type: 'string' } },
      ids: { type: ['array', 'null'], items: { type: 'integer' } },
      types: { type: 'array', items: { type: 'string' }, style: 'form', explode: false },
    },
  };

  it('are read by the types of their schema', () => {
    const query = { limit: '7', exact: 'false', amount: '-1.50', status: 'open', ids: ['1', '2'] };
    expect(coerceQuery(query, schema)).toEqual({ limit: 7, exact: false, amount: -1.5, status: ['open'], ids: [1, 2] });
  });

  it('are lists with commas where the schema says so, and only there', () => {
    expect(coerceQuery({ types: 'a,b', status: 'a,b' }, schema)).toEqual({
      ...{ limit: 50, types: ['a', 'b'], status: ['a,b'] },
    });
    expect(coerceQuery({ types: ['a,b', 'c'] }, schema)).toMatchObject({ types: ['a', 'b', 'c'] });
    expect(coerceQuery({ types: '' }, schema)).toMatchObject({ types: [''] });
  });

  it('keep what does not read as its type, for the schema to refuse', () => {
    const query = { limit: '0x10', exact: 'TRUE', amount: '', other: '5' };
    expect(coerceQuery(query, schema)).toEqual({ ...query });
  });

  it('have defaults, and no prototype to be changed', () => {
    const coerced = coerceQuery(JSON.parse('{"__proto__":"x","toString":"y"}') as Record<string, unknown>, schema);
    expect(Object.entries(coerced)).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
      ['limit', 50],
    ]);
  });
});
