import { ScriptError } from '../script-error.mjs';
import { SupervisedProcess } from '../supervised-process.mjs';
import { freePort } from './ports.mjs';

const START_TIMEOUT_MS = 60_000;
const PORT_TRIES = 5;

/**
 * Starts a server on a free port and waits until it says that it is ready. What it says counts, not that the port answers: that
 * could be somebody else's server, which was faster.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {RegExp} options.ready what it prints when it is ready
 * @param {RegExp} options.complaint what it prints when it cannot start, with flag g; its first group says why
 * @param {(port: number) => import('../supervised-process.mjs').ProcessOptions} options.launch
 * @returns {Promise<{port: number, process: SupervisedProcess}>}
 */
export async function startServer({ name, ready, complaint, launch }) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const { started, problem } = await tryToStart(launch(port), ready);
    if (!problem) return { port, process: started };
    await started.stop();
    const isPortTaken = /address already in use/i.test(started.output);
    if (isPortTaken && attempt < PORT_TRIES) continue;
    const reason = [...started.output.matchAll(complaint)].at(-1)?.[1] ?? started.output.trim().split('\n').at(-1);
    throw new ScriptError(`${name} did not start: it ${problem}${reason ? ` (${reason.trim()})` : ''}`);
  }
}

/**
 * @param {import('../supervised-process.mjs').ProcessOptions} options
 * @param {RegExp} ready
 * @returns {Promise<{started: SupervisedProcess, problem?: string}>}
 */
async function tryToStart(options, ready) {
  /** @type {(problem?: undefined) => void} */
  let saidReady = () => {};
  /** @type {Promise<string | undefined>} */
  const isReady = new Promise((resolve) => (saidReady = resolve));
  const started = new SupervisedProcess({
    ...options,
    onOutput: () => {
      if (ready.test(started.output)) saidReady();
    },
  });
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const tooLate = new Promise((resolve) => {
    timer = setTimeout(() => resolve(`was not ready after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
  });
  const problem = await Promise.race([isReady, started.ended, tooLate]);
  clearTimeout(timer);
  return { started, problem };
}
