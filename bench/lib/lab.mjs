import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { newAdminKey, newEncryptionKey } from '../../scripts/demo-state.mjs';
import { startPostgres } from '../../scripts/local-servers/postgres.mjs';
import { startRedis } from '../../scripts/local-servers/redis.mjs';
import { startApi, startWorker } from '../../scripts/processes.mjs';
import { makeTempDir } from '../../scripts/temp-dir.mjs';
import { submitAndWait } from './bulk-timing.mjs';
import { createOrganization } from './organizations.mjs';

// The times of commits say when a phase of a bulk ended (bulk-timing.mjs). Everything else is as PostgreSQL comes, fsync and
// synchronous_commit on.
const POSTGRES_FLAGS = ['track_commit_timestamp=on'];

/** @typedef {import('./organizations.mjs').Organization} Organization */

/**
 * @typedef {object} Lab
 * @property {import('./http-client.mjs').HttpClient} api of the first organization: `get(path)`, `post(path, body)` below /api/v1
 * @property {string} baseUrl of the API
 * @property {Organization} organization the first one
 * @property {(name: string) => Promise<Organization>} addOrganization another one, with money and a key
 * @property {pg.Client} database
 * @property {{url: string, pid: number, version: string}} postgres
 * @property {{url: string, pid: number, version: string, client: Redis}} redis
 * @property {number} apiPid
 * @property {() => number[]} workerPids
 * @property {(count: number, env?: NodeJS.ProcessEnv) => Promise<void>} startWorkers so many, with these settings; what runs with others is stopped
 * @property {() => Promise<void>} stopWorkers
 * @property {(lines: number | readonly object[], options?: {organization?: Organization, pollMs?: number, fields?: Record<string, unknown>}) =>
 *   Promise<import('./bulk-timing.mjs').TimedBulk>} submitAndWait
 * @property {string} encryptionKeys of the API and the workers
 * @property {string} logFile what the API and the workers logged
 * @property {() => Promise<void>} close
 */

/**
 * PostgreSQL and Redis of our own, whatever the environment names, one API and workers as real processes, and an organization with
 * money. The sandbox rail keeps no journal: it stands for a bank that costs us nothing.
 *
 * @param {object} [options]
 * @param {number} [options.workers]
 * @param {NodeJS.ProcessEnv} [options.env] for the API and the workers
 * @param {number} [options.maxTransfersPerBulk]
 * @param {string[]} [options.postgresFlags] more settings, such as `shared_buffers=1GB`
 * @returns {Promise<Lab>}
 */
export async function startLab({ workers = 1, env = {}, maxTransfersPerBulk = 100_000, postgresFlags = [] } = {}) {
  const dir = makeTempDir('bench');
  const servers = await startOwnServers(dir, postgresFlags);
  const logFile = path.join(dir, 'processes.log');
  const settings = {
    output: openSync(logFile, 'a'),
    env: productEnv(servers, { MAX_TRANSFERS_PER_BULK: String(maxTransfersPerBulk), ...env }),
  };
  const apiProcess = await startApi({ ...settings, env: { ...settings.env, MIGRATE_ON_START: 'true' } });
  const fleet = workerFleet(settings);
  await fleet.start(workers);

  const agent = new Agent({ keepAlive: true });
  const { baseUrl } = apiProcess;
  const adminKey = settings.env.ADMIN_API_KEY;
  const addOrganization = (/** @type {string} */ name) => createOrganization({ baseUrl, adminKey, name, agent });
  const organization = await addOrganization('Bench');
  const { database, ...clients } = await connect(servers);
  return {
    ...clients,
    database,
    api: organization.api,
    baseUrl,
    organization,
    addOrganization,
    apiPid: apiProcess.pid,
    workerPids: fleet.pids,
    startWorkers: fleet.start,
    stopWorkers: fleet.stop,
    submitAndWait: (lines, { organization: payer = organization, ...how } = {}) =>
      submitAndWait(database, payer, lines, how),
    encryptionKeys: settings.env.DATA_ENCRYPTION_KEYS,
    logFile,
    close: async () => {
      agent.destroy();
      await fleet.stop();
      await apiProcess.stop();
      closeSync(settings.output);
      clients.redis.client.disconnect();
      await database.end();
      await Promise.all([servers.postgres.stop(), servers.redis.stop()]);
      // Millions of rows: not kept until the last lab of the run has gone.
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/**
 * @param {string} dir
 * @param {string[]} postgresFlags
 */
async function startOwnServers(dir, postgresFlags) {
  const [postgres, redis] = await Promise.all([
    startPostgres({ dir: path.join(dir, 'postgres'), flags: [...POSTGRES_FLAGS, ...postgresFlags], removeDir: dir }),
    startRedis({ dir: path.join(dir, 'redis'), removeDir: dir }),
  ]);
  return { postgres, redis };
}

/**
 * Nothing of ours but what says where programs are: a setting in the shell must not change what is measured.
 *
 * @param {{postgres: {url: string}, redis: {url: string}}} servers
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv & {ADMIN_API_KEY: string, DATA_ENCRYPTION_KEYS: string}}
 */
function productEnv({ postgres, redis }, env) {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: 'production',
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    ADMIN_API_KEY: newAdminKey(),
    DATA_ENCRYPTION_KEYS: newEncryptionKey(),
    SANDBOX_JOURNAL: 'off',
    LOG_LEVEL: 'warn',
    // One key asks for what a thousand would.
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_ORGANIZATION_PER_MINUTE: '0',
    ...env,
  };
}

/**
 * The workers. Those that run with the same settings stay: V8 takes a while until it runs them as fast as it does in production.
 *
 * @param {{env: NodeJS.ProcessEnv, output: number}} settings
 */
function workerFleet({ env, output }) {
  /** @type {import('../../scripts/processes.mjs').ReadyProcess[]} */
  const running = [];
  let settings = '';
  const keep = async (/** @type {number} */ count) => {
    await Promise.all(running.splice(count).map((worker) => worker.stop()));
  };
  return {
    stop: () => keep(0),
    pids: () => running.map(({ pid }) => pid),
    start: async (/** @type {number} */ count, /** @type {NodeJS.ProcessEnv} */ extra = {}) => {
      const wanted = JSON.stringify(extra);
      await keep(wanted === settings ? count : 0);
      settings = wanted;
      const missing = Array.from({ length: count - running.length }, () =>
        startWorker({ env: { ...env, ...extra }, output }),
      );
      running.push(...(await Promise.all(missing)));
    },
  };
}

/** @param {{postgres: {url: string, dir: string}, redis: {url: string}}} servers */
async function connect({ postgres, redis }) {
  const database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  const { rows } = await database.query(`SELECT current_setting('server_version') AS version`);
  const client = new Redis(redis.url);
  const info = await client.info('server');
  return {
    database,
    postgres: {
      url: postgres.url,
      pid: Number.parseInt(readFileSync(path.join(postgres.dir, 'postmaster.pid'), 'utf8'), 10),
      version: String(rows[0]?.version),
    },
    redis: {
      url: redis.url,
      pid: Number(/^process_id:(\d+)/m.exec(info)?.[1]),
      version: String(/^redis_version:(\S+)/m.exec(info)?.[1]),
      client,
    },
  };
}
