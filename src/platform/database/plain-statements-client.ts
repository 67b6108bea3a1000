import pg from 'pg';

/**
 * A connection that sends every statement without its name, to be planned anew. A pooler in transaction mode hands each transaction to
 * any server connection, and before PgBouncer 1.21 it does not know which of them has heard a name.
 */
export class PlainStatementsClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const send = this.query.bind(this) as (...parameters: unknown[]) => unknown;
    this.query = ((statement: unknown, ...rest: unknown[]) =>
      send(withoutName(statement), ...rest)) as typeof this.query;
  }
}

/** A text, or something that speaks the protocol itself (COPY), has none. */
function withoutName(statement: unknown): unknown {
  if (typeof statement !== 'object' || statement === null || 'submit' in statement) return statement;
  return { ...statement, name: undefined };
}
