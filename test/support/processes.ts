import { rmSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../scripts/local-servers/ports.mjs';
import { SupervisedProcess } from '../../scripts/supervised-process.mjs';
import { eventually } from './eventually.js';

const DIST = path.resolve(__dirname, '../../dist');
const START_TIMEOUT_MS = 30_000;
const PORT_TRIES = 5;
const PRINTED_LINES = 60;

export const TEST_ADMIN_KEY = 'trk_admin_0123456789abcdef0123456789abcdef';

export interface TestProcessOptions {
  databaseUrl: string;
  redisUrl: string;
  /** Over the defaults below. */
  env?: Record<string, string>;
}

/** One built API or worker, as it runs in production. */
export interface TestProcess {
  name: string;
  pid: number;
  /** `http://127.0.0.1:port`; a worker answers health and metrics there. */
  url: string;
  /** The JSON lines it logged so far. */
  logs(): Record<string, unknown>[];
  /** All it printed so far, on either stream. */
  printed(): string;
  /** Resolves when it has ended, with one phrase saying how: "ended with exit code 0". */
  ended: Promise<string>;
  hasEnded(): boolean;
  /** SIGTERM, and SIGKILL when that takes too long. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface Started {
  supervised: SupervisedProcess;
  /** What it printed so far, in pieces. */
  output: string[];
  /** Goes when `stopProcesses()` is called. */
  removeDir?: string;
}

const started = new Set<Started>();

export function startApi(options: TestProcessOptions): Promise<TestProcess> {
  return start('main.api.js', 'PORT', options);
}

export function startWorker(options: TestProcessOptions): Promise<TestProcess> {
  return start('main.worker.js', 'WORKER_PORT', options);
}

/** For `afterEach` or `afterAll`: stops whatever this test file started and still runs. */
export async function stopProcesses(): Promise<void> {
  await Promise.all([...started].map(({ supervised }) => supervised.stop()));
  for (const { removeDir } of started) if (removeDir) rmSync(removeDir, { recursive: true, force: true });
  started.clear();
}

async function start(entry: string, portVariable: string, options: TestProcessOptions): Promise<TestProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const launched = spawnEntry(entry, { ...options.env, [portVariable]: String(port) }, options);
    const { supervised, output } = launched;
    const url = `http://127.0.0.1:${port}`;
    try {
      await untilReady(supervised, url);
    } catch (error) {
      await supervised.stop();
      started.delete(launched); // its output is in the error
      // The port was free when we looked; somebody else was faster.
      if (output.join('').includes('EADDRINUSE') && attempt < PORT_TRIES) continue;
      throw new Error(`${entry} did not start: ${(error as Error).message}\n${lastLines(output)}`, { cause: error });
    }
    return {
      name: entry,
      pid: supervised.pid ?? 0,
      url,
      logs: () => parseLogs(output),
      printed: () => output.join(''),
      ended: supervised.ended,
      hasEnded: () => supervised.hasExited,
      stop: () => supervised.stop(),
      kill: () => supervised.kill(),
    };
  }
}

function spawnEntry(entry: string, env: Record<string, string>, options: TestProcessOptions): Started {
  return launchNode(entry, ['--enable-source-maps', path.join(DIST, entry)], {
    env: {
      HOST: '127.0.0.1',
      DATABASE_URL: options.databaseUrl,
      REDIS_URL: options.redisUrl,
      ADMIN_API_KEY: TEST_ADMIN_KEY,
      ALLOW_UNSAFE_DURABILITY: 'true',
      ...env,
    },
  });
}

/** Any other process of ours that `stopProcesses()` has to stop. */
export function launchNode(
  name: string,
  args: string[],
  { env, removeDir }: { env?: Record<string, string>; removeDir?: string } = {},
): Started {
  const output: string[] = [];
  const supervised = new SupervisedProcess({
    name,
    command: process.execPath,
    args,
    // Nothing of the environment the tests run in: a developer's own settings must not change what is tested.
    env: { PATH: process.env.PATH, ...env },
    onOutput: (text) => output.push(text),
    removeDir,
  });
  const launched = { supervised, output, removeDir };
  started.add(launched);
  return launched;
}

async function untilReady(supervised: SupervisedProcess, url: string): Promise<void> {
  const crashed = supervised.ended.then((how) => Promise.reject(new Error(`it ${how}`)));
  const ready = eventually(
    async () => {
      if (supervised.hasExited) return true; // `crashed` says the rest
      return (await fetch(`${url}/health/ready`)).status === 200;
    },
    { what: 'it to be ready', timeoutMs: START_TIMEOUT_MS },
  );
  await Promise.race([crashed, ready]);
}

function parseLogs(output: string[]): Record<string, unknown>[] {
  return output
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function lastLines(output: string[]): string {
  return output.join('').trimEnd().split('\n').slice(-PRINTED_LINES).join('\n');
}

// Called by test/jest/environment.cjs when a test fails.
Object.assign(globalThis, {
  describeTestProcesses: () =>
    [...started].map(({ supervised, output }) => `--- ${supervised.name}, last lines\n${lastLines(output)}`).join('\n'),
});
