import type { INestApplicationContext } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { DataSource } from 'typeorm';
import type { Queryable } from '../../src/platform/database/index.js';
import { type Statement, toQueryConfig } from '../../src/platform/database/queryable.js';

/**
 * The owner of the test's database, whom row level security does not hold: arranges what the product could not do to itself, and looks at
 * what nobody could see. Over the application's own pool.
 */
export function ownerOf(app: INestApplicationContext): Queryable {
  const pool = poolOf(app);
  return queryableOver((statement, parameters) => pool.query(toQueryConfig(statement, parameters)));
}

/** Somebody with the rights of a superuser who puts the triggers to sleep that keep the books right, and changes them behind our back. */
export function tampererOf(app: INestApplicationContext): Queryable {
  return queryableOver(async (statement, parameters) => {
    const client = await poolOf(app).connect();
    try {
      return await inTamperingTransaction(client, () => client.query(toQueryConfig(statement, parameters)));
    } finally {
      client.release();
    }
  });
}

async function inTamperingTransaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN; SET LOCAL session_replication_role = replica');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

const poolOf = (app: INestApplicationContext): Pool =>
  (app.get(DataSource).driver as unknown as { master: Pool }).master;

function queryableOver(
  send: (statement: Statement, parameters: readonly unknown[]) => Promise<QueryResult>,
): Queryable {
  return {
    query: async <Row extends object>(statement: Statement, parameters: readonly unknown[] = []) =>
      (await send(statement, parameters)).rows as Row[],
    execute: async (statement, parameters = []) => (await send(statement, parameters)).rowCount ?? 0,
  };
}
