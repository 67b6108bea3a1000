import { eventually } from '../../support/eventually.js';
import { startWorker, type TestProcess, type TestProcessOptions } from '../../support/processes.js';
import type { Random } from './random.js';

/** Servers that are away and a busy machine included. */
const REPLACEMENT_MS = 60_000;

/** The workers of a night: some die, and new ones come in their place. */
export interface Fleet {
  /** Those that run now. */
  readonly running: readonly TestProcess[];
  /** One more, with other settings if need be. */
  start(env?: Record<string, string>): Promise<TestProcess>;
  /** Asks it to end, for good. */
  retire(worker: TestProcess): Promise<void>;
  /** One of those that run, whichever; waited for while all of them are being replaced. */
  pick(): Promise<TestProcess>;
  /** kill -9 of one of them; somebody takes its place while the night goes on. */
  kill(): Promise<void>;
  /** As many as there were in the beginning. */
  untilComplete(): Promise<void>;
}

export async function startFleet(
  size: number,
  random: Random,
  optionsWith: (env?: Record<string, string>) => TestProcessOptions,
): Promise<Fleet> {
  const running: TestProcess[] = [];
  const replacements = new Set<Promise<unknown>>();
  const start = async (env?: Record<string, string>): Promise<TestProcess> => {
    const worker = await startWorker(optionsWith(env));
    running.push(worker);
    return worker;
  };
  const leave = (worker: TestProcess): void => void running.splice(running.indexOf(worker), 1);
  const pick = async (): Promise<TestProcess> => {
    await eventually(() => running.length > 0, { what: 'a worker to run', timeoutMs: REPLACEMENT_MS });
    return random.pick(running);
  };
  await Promise.all(Array.from({ length: size }, () => start()));
  return {
    running,
    start,
    retire: async (worker) => {
      leave(worker);
      await worker.stop();
    },
    pick,
    kill: async () => {
      const victim = await pick();
      leave(victim);
      await victim.kill();
      // As a supervisor does: one that meets a dead server while it starts is started again.
      const replacement = eventually(() => start(), { what: 'a worker to be replaced', timeoutMs: REPLACEMENT_MS });
      replacements.add(replacement);
      // Whether it came is asked by untilComplete().
      replacement.then(
        () => replacements.delete(replacement),
        () => undefined,
      );
    },
    untilComplete: async () => void (await Promise.all(replacements)),
  };
}
