import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from './distribution-package.mjs';
import { startServer } from './server-process.mjs';
import { weAreRoot } from './server-user.mjs';

const PGBOUNCER = { label: 'pgbouncer', programs: ['pgbouncer'], dirs: ['/usr/sbin', '/usr/local/sbin'] };

/** @returns {import('./distribution-package.mjs').Program | undefined} */
export function findPgBouncer() {
  return findProgram(PGBOUNCER);
}

/**
 * In transaction mode, with nothing else than what it does by itself: no parameter is ignored, no session is reset.
 *
 * @param {object} options
 * @param {string} options.dir a temporary directory of ours; its configuration, with a password, goes there
 * @param {string} options.databaseUrl whoever connects, gets to this database as this user
 * @param {number} options.poolSize connections to PostgreSQL
 * @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function startPgBouncer({ dir, databaseUrl, poolSize }) {
  const program = findPgBouncer();
  if (!program) throw new Error('There is no pgbouncer: ask findPgBouncer() first');
  const { command, env } = program;
  const { hostname, port: databasePort, pathname, username, password } = new URL(databaseUrl);
  const database = pathname.slice(1);
  const target = Object.entries({ host: hostname, port: databasePort, dbname: database, user: username, password })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}='${decodeURIComponent(value).replaceAll("'", "''")}'`)
    .join(' ');
  const file = path.join(dir, 'pgbouncer.ini');
  const { port, process: server } = await startServer({
    name: 'PgBouncer',
    ready: /process up/,
    complaint: /(?:FATAL|ERROR) (.*)/g,
    launch: (port) => {
      const settings = [
        ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'auth_type = any'],
        ...['pool_mode = transaction', `default_pool_size = ${poolSize}`, 'max_client_conn = 200'],
        ...(weAreRoot ? ['user = nobody'] : []),
      ];
      const lines = ['[databases]', `${database} = ${target}`, '[pgbouncer]', ...settings, ''];
      writeFileSync(file, lines.join('\n'), { mode: 0o600 });
      return { name: 'PgBouncer', command, args: [file], cwd: dir, env, removeDir: dir };
    },
  });
  return { url: `postgres://anybody@127.0.0.1:${port}/${database}`, stop: () => server.stop() };
}
