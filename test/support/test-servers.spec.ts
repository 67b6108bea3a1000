import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createTestDatabase } from './test-database.js';
import { testRedisUrl } from './test-redis.js';

async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('the test servers', () => {
  it('give every caller a migrated database of its own', async () => {
    const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    try {
      await query(first.url, 'CREATE TABLE only_here ()');
      const tables = `SELECT count(*)::int AS count FROM pg_tables WHERE tablename IN ('ledger_entries', 'only_here')`;
      await expect(query(first.url, tables)).resolves.toEqual([{ count: 2 }]);
      await expect(query(second.url, tables)).resolves.toEqual([{ count: 1 }]);
    } finally {
      await Promise.all([first.drop(), second.drop()]);
    }
    await expect(query(first.url, 'SELECT')).rejects.toThrow('does not exist');
  });

  it('drop a database that is still in use', async () => {
    const database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    client.on('error', () => {}); // being thrown out is the point
    await client.connect();
    await database.drop();
    await expect(query(database.url, 'SELECT')).rejects.toThrow('does not exist');
  });

  it('give a jest worker a Redis database that is not emptied under a test', async () => {
    const client = new Redis(await testRedisUrl());
    try {
      await expect(client.dbsize()).resolves.toBe(0);
      await client.set('kept', 'yes');
      await testRedisUrl();
      await expect(client.get('kept')).resolves.toBe('yes');
      await client.flushdb();
    } finally {
      client.disconnect();
    }
  });
});
