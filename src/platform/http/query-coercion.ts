import type { ObjectSchema, PropertySchema } from './schema-check.js';

const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;

/**
 * Query parameters are text; the schema says what they stand for. What does not read as that stays text, for the schema to
 * refuse. A parameter given twice is a list, which only lists may be; one that says `explode: false` is separated by commas.
 */
export function coerceQuery(query: Readonly<Record<string, unknown>>, schema: ObjectSchema): Record<string, unknown> {
  // Without a prototype: a parameter may be called `__proto__`.
  const coerced = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(query)) {
    const property = ownProperty(schema, name);
    coerced[name] = property ? coerce(value, property) : value;
  }
  for (const [name, { default: standard }] of Object.entries(schema.properties ?? {})) {
    if (standard !== undefined && coerced[name] === undefined) coerced[name] = standard;
  }
  return coerced;
}

function coerce(value: unknown, { type, items, explode }: PropertySchema): unknown {
  if (isOf(type, 'array')) {
    const given: unknown[] = Array.isArray(value) ? value : [value];
    const list = explode === false ? given.flatMap(splitAtCommas) : given;
    return items ? list.map((item) => coerce(item, items as PropertySchema)) : list;
  }
  if (typeof value !== 'string') return value;
  if (isOf(type, 'number', 'integer') && NUMBER.test(value)) return Number(value);
  if (isOf(type, 'boolean') && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

const splitAtCommas = (value: unknown): unknown[] => (typeof value === 'string' ? value.split(',') : [value]);

const isOf = (type: PropertySchema['type'], ...names: string[]): boolean =>
  [type].flat().some((one) => typeof one === 'string' && names.includes(one));

function ownProperty(schema: ObjectSchema, name: string): PropertySchema | undefined {
  return Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined;
}
