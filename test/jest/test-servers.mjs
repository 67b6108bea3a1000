import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startServers, THROWAWAY_FLAGS } from '../../scripts/local-servers/index.mjs';
import { migrate } from '../../scripts/migrations.mjs';
import { ScriptError } from '../../scripts/script-error.mjs';
import { makeTempDir, removeTempDirs } from '../../scripts/temp-dir.mjs';
import { buildStaleMigrations } from './build-migrations.mjs';

// Enough logical databases for a jest worker each, on any machine.
const REDIS_DATABASES = 64;

/** @type {(() => Promise<void>) | undefined} */
let tidyUp;

/**
 * One PostgreSQL and one Redis for the whole run, and a migrated database that test files copy. Tells the test files through the
 * environment: TEST_DATABASE_URL (a server, never a database to write to), TEST_DATABASE_PREFIX and TEST_REDIS_URL.
 *
 * @param {number} workers how many jest workers there will be
 */
export async function startTestServers(workers) {
  buildStaleMigrations();
  const servers = await startServers({
    dir: makeTempDir('test'),
    flags: THROWAWAY_FLAGS,
    redisDatabases: REDIS_DATABASES,
    isTemporary: true,
  });
  const { postgres, redis } = servers;
  // On a server of the user's, a run keeps to databases of its own and removes them.
  const prefix = postgres.isExternal ? `tranche_test_${randomBytes(4).toString('hex')}` : 'tranche';
  tidyUp = async () => {
    if (postgres.isExternal) await dropDatabases(postgres.url, prefix);
    if (redis.isExternal) await eachRedisDatabase(redis.url, workers, (client) => client.flushdb());
    await servers.stop();
    removeTempDirs();
  };
  if (redis.isExternal) await eachRedisDatabase(redis.url, workers, refuseForeignKeys);
  await createTemplate(postgres.url, `${prefix}_template`);
  Object.assign(process.env, {
    TEST_DATABASE_URL: postgres.url,
    TEST_DATABASE_PREFIX: prefix,
    TEST_REDIS_URL: redis.url,
  });
  // What the user gave us is a server to test on, never a database for code under test to find by itself.
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'SECRETS_DIR']) delete process.env[name];
  for (const name of ['DATABASE_URL_FILE', 'REDIS_URL_FILE']) delete process.env[name];
}

export async function stopTestServers() {
  await tidyUp?.();
  tidyUp = undefined;
}

/**
 * @param {string} serverUrl
 * @param {string} name
 */
async function createTemplate(serverUrl, name) {
  await query(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  // A database somebody is connected to, autovacuum included, cannot be copied.
  await query(serverUrl, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
}

/**
 * @param {string} serverUrl
 * @param {string} prefix
 */
async function dropDatabases(serverUrl, prefix) {
  const { rows } = await query(serverUrl, 'SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
    `${prefix}_`,
  ]);
  for (const { datname } of rows) await query(serverUrl, `DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`);
}

/**
 * @param {string} url
 * @param {string} text
 * @param {unknown[]} [values]
 */
async function query(url, text, values) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text, values);
  } finally {
    await client.end();
  }
}

/**
 * Tests empty the logical database they use: 1 for the first jest worker and so on.
 *
 * @param {string} url
 * @param {number} workers
 * @param {(client: Redis, database: number) => Promise<unknown>} action
 */
async function eachRedisDatabase(url, workers, action) {
  for (let database = 1; database <= workers; database += 1) {
    const client = new Redis(url, { db: database });
    try {
      await action(client, database);
    } finally {
      client.disconnect();
    }
  }
}

/**
 * @param {Redis} client
 * @param {number} database
 */
async function refuseForeignKeys(client, database) {
  if ((await client.dbsize()) === 0) return;
  throw new ScriptError(
    `Logical database ${database} of the Redis of REDIS_URL is not empty, and tests would empty it: flush it, or leave REDIS_URL unset`,
  );
}
