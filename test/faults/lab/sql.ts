import type pg from 'pg';

/** A statement straight to the database, past the product. */
export type Sql = <Row extends pg.QueryResultRow = Record<string, unknown>>(
  text: string,
  values?: unknown[],
) => Promise<Row[]>;
