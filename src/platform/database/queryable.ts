import type { QueryConfig } from 'pg';
import { valueTypes } from './value-types.js';

/**
 * A statement that a connection plans a few times and not each time: for what is sent with every chunk or request. PostgreSQL settles on one
 * plan for all parameters when that looks as good as one made for these, so it must not be a statement whose best plan depends on them (a
 * filter that may be NULL).
 */
export interface PreparedStatement {
  /** Unique in the product: a connection knows the plan by it. */
  readonly name: string;
  readonly text: string;
}

export const prepared = (name: string, text: string): PreparedStatement => ({ name, text });

export type Statement = string | PreparedStatement;

/** Anything SQL can be sent to: the pool, or one transaction. */
export interface Queryable {
  /** Rows of a statement. `bigint` columns arrive as BigInt, dates as text, timestamps as Date. */
  query<Row extends object>(statement: Statement, parameters?: readonly unknown[]): Promise<Row[]>;
  /** The number of rows a statement touched. */
  execute(statement: Statement, parameters?: readonly unknown[]): Promise<number>;
}

/** As the driver takes it. */
export function toQueryConfig(statement: Statement, parameters: readonly unknown[]): QueryConfig {
  const { name, text } = typeof statement === 'string' ? { name: undefined, text: statement } : statement;
  return { name, text, values: [...parameters], types: valueTypes };
}
