/** Anything SQL can be sent to: the pool, or one transaction. */
export interface Queryable {
  /** Rows of a statement. `bigint` columns arrive as BigInt, dates as text, timestamps as Date. */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** The number of rows a statement touched. */
  execute(sql: string, parameters?: readonly unknown[]): Promise<number>;
}
