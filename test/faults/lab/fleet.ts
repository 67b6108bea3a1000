import { eventually } from '../../support/eventually.js';
import { startWorker, type TestProcess, type TestProcessOptions } from '../../support/processes.js';
import type { Random } from './random.js';

/** The workers of a night: some die, and new ones come in their place. */
export interface Fleet {
  /** Those that run now. */
  readonly running: readonly TestProcess[];
  /** One more, with other settings if need be. */
  start(env?: Record<string, string>): Promise<TestProcess>;
  /** Asks it to end, for good. */
  retire(worker: TestProcess): Promise<void>;
  /** kill -9 of one of them, whichever; somebody takes its place while the night goes on. */
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
  await Promise.all(Array.from({ length: size }, () => start()));
  return {
    running,
    start,
    retire: async (worker) => {
      leave(worker);
      await worker.stop();
    },
    kill: async () => {
      await eventually(() => running.length > 0, { what: 'a worker to kill' });
      const victim = random.pick(running);
      leave(victim);
      await victim.kill();
      const replacement = start();
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
