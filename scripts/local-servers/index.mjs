import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { oneLine, ScriptError } from '../script-error.mjs';
import { secretOf } from '../secret-variables.mjs';
import { startPostgres } from './postgres.mjs';
import { startRedis } from './redis.mjs';

/** Only for data that are thrown away. The API refuses such a PostgreSQL unless ALLOW_UNSAFE_DURABILITY says otherwise. */
export const THROWAWAY_FLAGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** @typedef {{url: string, isExternal: boolean, dir?: string, stop: () => Promise<void>}} Server */

/**
 * A PostgreSQL and a Redis of our own. DATABASE_URL and REDIS_URL replace each with one that is running already.
 *
 * @param {object} options
 * @param {string} options.dir where their data live
 * @param {string[]} [options.flags] PostgreSQL settings
 * @param {number} [options.redisDatabases]
 * @param {boolean} [options.isTemporary] `dir` is to be removed even when we are killed
 * @returns {Promise<{postgres: Server, redis: Server, stop: () => Promise<void>}>}
 */
export async function startServers({ dir, flags, redisDatabases, isTemporary = false }) {
  const removeDir = isTemporary ? dir : undefined;
  const [DATABASE_URL, REDIS_URL] = [secretOf('DATABASE_URL'), secretOf('REDIS_URL')];
  const [postgres, redis] = await Promise.allSettled([
    DATABASE_URL
      ? externalPostgres(DATABASE_URL)
      : own(startPostgres({ dir: path.join(dir, 'postgres'), flags, removeDir })),
    REDIS_URL
      ? externalRedis(REDIS_URL)
      : own(startRedis({ dir: path.join(dir, 'redis'), databases: redisDatabases, removeDir })),
  ]);
  const started = [redis, postgres].filter((result) => result.status === 'fulfilled');
  const stop = async () => {
    await Promise.all(started.map(({ value }) => value.stop()));
  };
  if (postgres.status === 'rejected' || redis.status === 'rejected') {
    await stop();
    const reasons = [postgres, redis].flatMap((result) =>
      result.status === 'rejected' ? [oneLine(result.reason)] : [],
    );
    throw new ScriptError(reasons.join('; '));
  }
  return { postgres: postgres.value, redis: redis.value, stop };
}

/**
 * @param {Promise<{url: string, dir?: string, stop: () => Promise<void>}>} starting
 * @returns {Promise<Server>}
 */
async function own(starting) {
  return { ...(await starting), isExternal: false };
}

/**
 * @param {string} url
 * @returns {Promise<Server>}
 */
async function externalPostgres(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new ScriptError(`The PostgreSQL of DATABASE_URL does not answer: ${oneLine(error)}`);
  } finally {
    await client.end();
  }
  return { url, isExternal: true, stop: async () => {} };
}

/**
 * @param {string} url
 * @returns {Promise<Server>}
 */
async function externalRedis(url) {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 10_000 });
  /** @type {Error | undefined} */
  let problem;
  client.on('error', (error) => (problem = error)); // says why; what connect() throws only says that it is closed
  try {
    await client.connect();
  } catch (error) {
    throw new ScriptError(`The Redis of REDIS_URL does not answer: ${oneLine(problem ?? error)}`);
  } finally {
    client.disconnect();
  }
  return { url, isExternal: true, stop: async () => {} };
}
