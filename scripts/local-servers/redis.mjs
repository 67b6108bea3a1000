import { mkdirSync } from 'node:fs';
import { findRedis } from './redis-binary.mjs';
import { startServer } from './server-process.mjs';

/**
 * Configured as the product needs it: an append-only file, and nothing evicted.
 *
 * @param {object} options
 * @param {string} options.dir where the data lives; made when it is not there
 * @param {number} [options.databases] how many logical databases
 * @param {string} [options.removeDir] a temporary directory to remove should we be killed
 * @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function startRedis({ dir, databases = 16, removeDir }) {
  const { command, env } = findRedis();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const settings = ['--bind', '127.0.0.1', '--dir', dir, '--databases', String(databases)];
  settings.push('--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction');
  const { port, process: server } = await startServer({
    name: 'Redis',
    ready: /ready to accept connections/i,
    complaint: / # (.*)/g,
    launch: (port) => ({
      name: 'Redis',
      command,
      args: ['--port', String(port), ...settings],
      cwd: dir,
      env,
      removeDir,
    }),
  });
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.stop() };
}
