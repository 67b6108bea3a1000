import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { createLogger } from '../logging/index.js';
import { Wake, type WakeTopic } from '../queue/wake.js';

/** No turn takes that long while everything it asks answers. */
const STUCK_AFTER_MS = 60_000;

const logger = createLogger('loops');

export interface Loop {
  readonly name: string;
  readonly intervalMs: number;
  /** Runs right after a commit somewhere made more of this, besides every interval. */
  readonly wakesOn: WakeTopic | null;
  /** True when there is more to do at once. Never runs twice at the same time in one process. */
  run(): Promise<boolean>;
}

/** The timers of a worker process: relay, dispatch, sweeps. Features add theirs; only the worker starts them. */
@Injectable()
export class Loops implements BeforeApplicationShutdown {
  private readonly runners: LoopRunner[] = [];

  constructor(private readonly wake: Wake) {}

  add(loop: Loop): void {
    this.runners.push(new LoopRunner(loop));
  }

  start(): void {
    for (const runner of this.runners) {
      const topic = runner.loop.wakesOn;
      if (topic !== null) this.wake.listen(topic, () => runner.poke());
      runner.poke();
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.stop()));
  }
}

class LoopRunner {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private pokedWhileRunning = false;
  private stopped = false;

  constructor(readonly loop: Loop) {}

  poke(): void {
    if (this.stopped) return;
    if (this.running) {
      this.pokedWhileRunning = true;
      return;
    }
    clearTimeout(this.timer);
    this.running = this.turn().finally(() => {
      this.running = undefined;
      if (this.stopped) return;
      if (this.pokedWhileRunning) this.poke();
      else this.timer = setTimeout(() => this.poke(), this.loop.intervalMs);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async turn(): Promise<void> {
    this.pokedWhileRunning = false;
    try {
      while ((await this.observed()) && !this.stopped);
    } catch (error) {
      // The next turn tries again; what failed is still there, in PostgreSQL.
      logger.error({ event: 'loop_failed', loop: this.loop.name, err: error });
    }
  }

  /** Tells of a turn that does not end. It is not given up: a second one beside it could do the same work twice. */
  private async observed(): Promise<boolean> {
    const { name: loop } = this.loop;
    const watch = setTimeout(() => logger.warn({ event: 'loop_stuck', loop, for_ms: STUCK_AFTER_MS }), STUCK_AFTER_MS);
    watch.unref();
    try {
      return await this.loop.run();
    } finally {
      clearTimeout(watch);
    }
  }
}
