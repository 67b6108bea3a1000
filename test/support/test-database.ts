import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { testSetting } from './test-setting.js';

export interface TestDatabase {
  url: string;
  /** Ends every session on it and removes it. */
  drop(): Promise<void>;
}

/** A database of one's own, fully migrated and empty: a copy of the template that the run made once. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const prefix = testSetting('TEST_DATABASE_PREFIX');
  const name = `${prefix}_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${prefix}_template`);
  const url = new URL(testSetting('TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: testSetting('TEST_DATABASE_URL') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
