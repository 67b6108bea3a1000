import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import { type FieldError, MAX_LISTED_ERRORS } from '../../domain/errors.js';
import { fieldErrorOf, pointerToken } from './schema-errors.js';

/** As much of a JSON Schema as is looked at here. */
export interface ObjectSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, PropertySchema>>;
}

export interface PropertySchema {
  readonly type?: string | readonly string[];
  readonly items?: object;
  readonly maxItems?: number;
  readonly default?: unknown;
  /** Of a list in a query string: false when its items are separated by commas. */
  readonly explode?: boolean;
}

/** Violations in the order of the document: the fields of the body, then line by line. The first hundred, and how many. */
export interface Violations {
  readonly errors: readonly FieldError[];
  readonly total: number;
}

interface ListCheck {
  readonly property: string;
  readonly maxItems: number;
  readonly item: ValidateFunction;
}

/**
 * Checks a body against the schema of a DTO. Lists of the body are walked here, one line at a time: the compiled validator
 * collects an object for each violation, and a large body of rubbish has millions. A list that is too long is not walked at all.
 */
export class SchemaCheck {
  private readonly root: ValidateFunction;
  private readonly lists: readonly ListCheck[];

  constructor(
    readonly schema: ObjectSchema,
    ajv: Ajv2020,
  ) {
    const properties: Record<string, PropertySchema> = {};
    const lists: ListCheck[] = [];
    for (const [property, { items, ...own }] of Object.entries(schema.properties ?? {})) {
      properties[property] = items === undefined || !isList(own) ? { ...own, ...(items && { items }) } : own;
      if (items === undefined || !isList(own)) continue;
      if ('uniqueItems' in own)
        throw new Error(`uniqueItems of "${property}" compares every pair; check it in a rule.`);
      lists.push({ property, maxItems: own.maxItems ?? Infinity, item: ajv.compile(items) });
    }
    this.root = ajv.compile(schema.properties ? { ...schema, properties } : schema);
    this.lists = lists;
  }

  /** @param prefix the pointer of the value itself */
  violations(value: unknown, prefix = ''): Violations {
    if (value === undefined)
      return { errors: [{ pointer: prefix, code: 'required', detail: 'is required' }], total: 1 };
    const found = new Found();
    if (!this.root(value)) found.add(this.root, prefix);
    for (const list of this.lists) {
      const items = (value as Record<string, unknown> | null)?.[list.property];
      if (!Array.isArray(items) || items.length > list.maxItems) continue;
      const pointer = `${prefix}/${pointerToken(list.property)}`;
      items.forEach((item, line) => {
        if (!list.item(item)) found.add(list.item, `${pointer}/${line}`);
      });
    }
    return found;
  }
}

class Found implements Violations {
  readonly errors: FieldError[] = [];
  total = 0;

  /** Takes over what a validator has just found. */
  add({ errors }: ValidateFunction, prefix: string): void {
    const fields = oneWordEach(
      (errors ?? []).map((error) => fieldErrorOf(error, prefix)).filter((error) => error !== null),
    );
    this.total += fields.length;
    const room = MAX_LISTED_ERRORS - this.errors.length;
    if (room <= 0) return;
    fields.sort((a, b) => (a.pointer < b.pointer ? -1 : a.pointer > b.pointer ? 1 : 0));
    this.errors.push(...fields.slice(0, room));
  }
}

/** A field that is empty or too long need not be told that it has not the required form either. */
function oneWordEach(fields: readonly FieldError[]): FieldError[] {
  const told = new Set(fields.filter(({ code }) => code !== 'pattern').map(({ pointer }) => pointer));
  return fields.filter(({ code, pointer }) => code !== 'pattern' || !told.has(pointer));
}

const isList = ({ type }: PropertySchema): boolean =>
  type === 'array' || (Array.isArray(type) && type.includes('array'));
