import { spawn } from 'node:child_process';

/**
 * Nothing we start outlives us. Beside every process runs this small shell with a pipe from us on its standard input. `read`
 * returns when that pipe closes, which the kernel does however we end (a crash and SIGKILL included). It then ends the process
 * and removes the directory it worked in, if that was a temporary one.
 */
const WATCHDOG = `
read -r _
kill -s "$1" "$2" 2>/dev/null
tries=0
while kill -0 "$2" 2>/dev/null && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -s KILL "$2" 2>/dev/null
[ -z "$3" ] || rm -rf -- "$3"
`;

const KEPT_OUTPUT_LENGTH = 16_000;
const LAST_OUTPUT_WAIT_MS = 500;

/** @type {Set<SupervisedProcess>} in the order they were started */
const running = new Set();

export class SupervisedProcess {
  #child;
  #stopSignal;
  #graceMs;
  #output = '';
  #hasExited = false;

  /** @param {import('./supervised-process.mjs').ProcessOptions} options */
  constructor(options) {
    const { name, command, args, cwd, env, uid, gid, output = 'capture', onOutput } = options;
    this.name = name;
    this.#stopSignal = options.stopSignal ?? 'SIGTERM';
    this.#graceMs = options.graceMs ?? 10_000;
    this.#child = spawn(command, args, {
      cwd,
      env,
      uid,
      gid,
      // Its own process group: Ctrl-C reaches only us, and we stop things in the right order.
      detached: true,
      stdio: output === 'capture' ? ['ignore', 'pipe', 'pipe'] : ['ignore', output, output],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT_LENGTH);
        onOutput?.(text);
      });
    }
    /** Resolves when the process has ended, with one phrase saying how. Never rejects. @type {Promise<string>} */
    this.ended = this.#watchEnd();
    running.add(this);
    if (this.#child.pid !== undefined) this.#startWatchdog(this.#child.pid, options.removeDir ?? '');
  }

  get pid() {
    return this.#child.pid;
  }

  get hasExited() {
    return this.#hasExited;
  }

  /** The last 16,000 characters it printed (captured output only). */
  get output() {
    return this.#output;
  }

  /** Asks it to stop, and makes it after the grace period. Resolves when it is gone; may be called twice. */
  async stop() {
    await this.#end(this.#stopSignal);
  }

  /** No chance to tidy up, as in a crash. Resolves when it is gone. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    if (!this.#hasExited) this.#child.kill(signal);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), this.#graceMs);
    await this.ended;
    clearTimeout(force);
  }

  /** @returns {Promise<string>} */
  #watchEnd() {
    return new Promise((resolve) => {
      const finish = (/** @type {string} */ how) => {
        this.#hasExited = true;
        running.delete(this);
        resolve(how);
      };
      this.#child.once('error', (error) => finish(`could not be run: ${error.message}`));
      this.#child.once('exit', (code, signal) => {
        this.#hasExited = true;
        const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
        // 'close' says that its last words have been read; a grandchild holding the pipe must not keep us waiting for it.
        const noLongerWaiting = setTimeout(() => finish(how), LAST_OUTPUT_WAIT_MS);
        this.#child.once('close', () => {
          clearTimeout(noLongerWaiting);
          finish(how);
        });
      });
    });
  }

  /**
   * @param {number} pid
   * @param {string} removeDir
   */
  #startWatchdog(pid, removeDir) {
    const signal = this.#stopSignal.replace('SIG', '');
    const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, `watchdog of ${this.name}`, signal, String(pid), removeDir], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watchdog.on('error', () => this.#child.kill('SIGKILL')); // unwatched, it must not run
    watchdog.stdin.on('error', () => {}); // it has ended: there is nothing left to tell it
    watchdog.unref();
    void this.ended.then(() => watchdog.kill('SIGKILL'));
  }
}

/** Ends everything this process started, last started first. */
export async function stopEverything() {
  for (const started of [...running].reverse()) await started.stop();
}
