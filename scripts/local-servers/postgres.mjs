import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { oneLine, ScriptError } from '../script-error.mjs';
import { makeRootStateDir } from './places.mjs';
import { postgresBinaries } from './postgres-binaries.mjs';
import { processCommand } from './process-command.mjs';
import { startServer } from './server-process.mjs';
import { canEnter, serverUser, weAreRoot } from './server-user.mjs';

const DATABASE = 'tranche';
const ENVIRONMENT = { LANG: 'C', LC_ALL: 'C', TZ: 'UTC' };

/** @typedef {import('./server-user.mjs').User} User */

/**
 * @param {object} options
 * @param {string} options.dir where the data lives; made when it is not there
 * @param {string[]} [options.flags] settings, such as `fsync=off`
 * @param {string} [options.removeDir] a temporary directory to remove should we be killed
 * @returns {Promise<{url: string, dir: string, stop: () => Promise<void>}>}
 */
export async function startPostgres({ dir: wantedDir, flags = [], removeDir }) {
  mkdirSync(path.dirname(wantedDir), { recursive: true });
  const dir = reachableDir(wantedDir);
  const user = serverUser(dir);
  const binaries = postgresBinaries(user);
  if (!existsSync(dir)) initializeData(binaries, dir, user, flags.includes('fsync=off'));
  const password = readPassword(dir);
  refuseSecondInstance(dir);
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...flags];
  const { port, process: server } = await startServer({
    name: 'PostgreSQL',
    ready: /ready to accept connections/,
    complaint: /(?:FATAL|PANIC): +(.*)/g,
    launch: (port) => ({
      name: 'PostgreSQL',
      command: path.join(binaries, 'bin/postgres'),
      args: ['-D', dir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      cwd: '/',
      env: ENVIRONMENT,
      stopSignal: 'SIGINT', // "fast": ends sessions and writes a checkpoint; SIGTERM would wait for every client to leave
      removeDir,
      ...user,
    }),
  });
  const url = `postgres://postgres:${password}@127.0.0.1:${port}`;
  await createDatabase(url);
  return { url: `${url}/${DATABASE}`, dir, stop: () => server.stop() };
}

/**
 * Where PostgreSQL's user can get to: the wanted place, but for a checkout that is out of that user's reach.
 *
 * @param {string} dir
 */
function reachableDir(dir) {
  if (!weAreRoot || canEnter(serverUser(dir), path.dirname(dir))) return dir;
  const key = createHash('sha256').update(dir).digest('hex').slice(0, 12);
  return path.join(makeRootStateDir(`data-${key}`), 'postgres');
}

/** @param {string} dir */
function passwordFile(dir) {
  return `${dir}.password`;
}

/**
 * Made aside and moved, so that an interrupted run does not leave half a database behind.
 *
 * @param {string} binaries
 * @param {string} dir
 * @param {User} user
 * @param {boolean} isThrowaway
 */
function initializeData(binaries, dir, user, isThrowaway) {
  const unfinished = `${dir}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  // A password, though it listens on this machine only: a superuser's session can run programs as us, and others may have accounts here.
  writeFileSync(passwordFile(dir), randomBytes(24).toString('hex'), { mode: 0o600 });
  for (const file of [unfinished, passwordFile(dir)]) giveTo(user, file);
  const args = ['-D', unfinished, '-U', 'postgres', '--encoding=UTF8', '--no-locale', '--auth=scram-sha-256'];
  args.push(`--pwfile=${passwordFile(dir)}`, ...(isThrowaway ? ['--no-sync'] : []));
  const initdb = path.join(binaries, 'bin/initdb');
  const { status, error, stderr } = spawnSync(initdb, args, { ...user, cwd: '/', env: ENVIRONMENT, encoding: 'utf8' });
  if (status !== 0) {
    const reason = /error: (.*)/.exec(stderr ?? '')?.[1] ?? error?.message ?? `exit code ${status}`;
    throw new ScriptError(`PostgreSQL could not prepare ${dir}: ${reason}`);
  }
  renameSync(unfinished, dir);
}

/**
 * @param {User} user
 * @param {string} file
 */
function giveTo({ uid, gid }, file) {
  // `>>> 0`: macOS numbers its nobody -2, and chown wants that unsigned.
  if (uid !== undefined && gid !== undefined) chownSync(file, uid >>> 0, gid >>> 0);
}

/** @param {string} dir */
function readPassword(dir) {
  try {
    return readFileSync(passwordFile(dir), 'utf8').trim();
  } catch (error) {
    throw new ScriptError(`${passwordFile(dir)} cannot be read (${oneLine(error)}): remove ${dir} to start afresh`);
  }
}

/**
 * PostgreSQL itself handles the leftovers of a crash, except when the number of its old process now belongs to another program,
 * which is common in containers: it then takes that program for itself.
 *
 * @param {string} dir
 */
function refuseSecondInstance(dir) {
  const file = path.join(dir, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  const command = processCommand(pid);
  if (command === null) return;
  if (command.includes(dir)) {
    throw new ScriptError(`PostgreSQL is already running on ${dir} (process ${pid}): stop the other run first`);
  }
  rmSync(file);
}

/** @param {string} serverUrl */
async function createDatabase(serverUrl) {
  const client = new pg.Client({ connectionString: `${serverUrl}/postgres` });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}
