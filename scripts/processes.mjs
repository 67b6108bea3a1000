import path from 'node:path';
import { PROJECT_DIR } from './local-servers/places.mjs';
import { freePort, isPortFree } from './local-servers/ports.mjs';
import { ScriptError } from './script-error.mjs';
import { SupervisedProcess } from './supervised-process.mjs';

const READY_TIMEOUT_MS = 45_000;
const READY_POLL_MS = 50;
const PORT_TRIES = 5;
// Longer than the product's own SHUTDOWN_TIMEOUT_MS (20 s), in which it finishes or hands back what it is doing.
const GRACE_MS = 25_000;

/**
 * @typedef {object} ProcessSettings
 * @property {NodeJS.ProcessEnv} env
 * @property {'inherit' | number} output where its JSON log goes: to ours, or to a file descriptor
 * @property {number} [port] a free one unless said otherwise
 * @property {string} [removeDir] a temporary directory to remove should we be killed
 */

/** @typedef {{name: string, pid: number, baseUrl: string, ended: Promise<string>, stop: () => Promise<void>}} ReadyProcess */

/**
 * @param {ProcessSettings} settings
 * @returns {Promise<ReadyProcess>}
 */
export function startApi(settings) {
  return start('API', 'main.api.js', 'PORT', settings);
}

/**
 * @param {ProcessSettings} settings
 * @returns {Promise<ReadyProcess>}
 */
export function startWorker(settings) {
  return start('worker', 'main.worker.js', 'WORKER_PORT', settings);
}

/**
 * Starts one built entrypoint and waits until it says that it is ready to work.
 *
 * @param {string} name
 * @param {string} entry
 * @param {string} portVariable
 * @param {ProcessSettings} settings
 * @returns {Promise<ReadyProcess>}
 */
async function start(name, entry, portVariable, { env, output, port: wantedPort, removeDir }) {
  for (let attempt = 1; ; attempt += 1) {
    const port = wantedPort ?? (await freePort());
    const started = new SupervisedProcess({
      name,
      command: process.execPath,
      args: [
        '--enable-source-maps',
        '--max-semi-space-size=32',
        '--heap-growing-percent=30',
        path.join(PROJECT_DIR, 'dist', entry),
      ],
      cwd: PROJECT_DIR,
      env: { ...env, [portVariable]: String(port) },
      output,
      graceMs: GRACE_MS,
      removeDir,
    });
    const baseUrl = `http://${urlHost(env.HOST)}:${port}`;
    const problem = await untilReady(started, `${baseUrl}/health/ready`);
    if (!problem) {
      const { pid = 0, ended } = started;
      return { name, pid, baseUrl, ended, stop: () => started.stop() };
    }
    const hasDied = started.hasExited;
    await started.stop();
    // It may have lost its port to somebody who was faster; its log says, and we do not read that.
    if (hasDied && wantedPort === undefined && attempt < PORT_TRIES && !(await isPortFree(port))) continue;
    throw new ScriptError(`The ${name} did not start: it ${problem}`);
  }
}

/**
 * @param {SupervisedProcess} started
 * @param {string} url
 * @returns {Promise<string | undefined>} what is wrong, if anything
 */
async function untilReady(started, url) {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!started.hasExited) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => 'no answer',
    );
    if (status === 200 && !started.hasExited) return undefined;
    if (performance.now() > deadline) return `was not ready after ${READY_TIMEOUT_MS / 1000} s (${url}: ${status})`;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  return started.ended;
}

/**
 * Where to reach a server that listens on this host: on all addresses means on the loopback one too.
 *
 * @param {string | undefined} host
 */
function urlHost(host = '127.0.0.1') {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
