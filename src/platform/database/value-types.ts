import pg, { type CustomTypesConfig } from 'pg';

const { builtins, getTypeParser } = pg.types;

const parsers = new Map<number, (text: string) => unknown>([
  // Money is BigInt everywhere inside: no float ever touches an amount.
  [builtins.INT8, BigInt],
  // A calendar date has no time zone; making it a Date would give it one.
  [builtins.DATE, (text) => text],
]);

/** How PostgreSQL values become JavaScript values in every plain SQL statement of the product. */
export const valueTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? (getTypeParser(oid, format) as unknown)) as CustomTypesConfig['getTypeParser'],
};
