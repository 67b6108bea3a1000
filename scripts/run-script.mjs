import { oneLine } from './script-error.mjs';
import { stopEverything } from './supervised-process.mjs';
import { removeTempDirs } from './temp-dir.mjs';

/** @type {Promise<never> | undefined} */
let ending;

/**
 * The frame of every script that starts servers: a failure is one line and exit code 1, a signal is a tidy stop, and either way
 * nothing is left running and no temporary directory stays behind. A second signal ends at once (the watchdogs then tidy up).
 *
 * @param {() => Promise<number | void>} main resolves with the exit code, 0 when it says nothing
 */
export async function runScript(main) {
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.on(signal, () => (ending ? process.exit(128 + number) : void end(128 + number)));
  }
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    await end((await main()) ?? 0);
  } catch (error) {
    fail(error);
  }
}

/** Whether everything is being stopped. What fails from then on, fails because of that. */
export function isEnding() {
  return ending !== undefined;
}

/** @param {unknown} error */
function fail(error) {
  if (!isEnding()) console.error(process.env.DEBUG ? error : oneLine(error));
  void end(1);
}

/** @param {number} code */
function end(code) {
  ending ??= (async () => {
    await stopEverything();
    removeTempDirs();
    process.exit(code);
  })();
  return ending;
}
