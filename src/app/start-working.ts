import type { INestApplicationContext } from '@nestjs/common';
import { Consumer } from '../platform/queue/index.js';
import { Loops } from '../platform/scheduling/index.js';

/** Starts consuming jobs and running the loops: relay, dispatch, sweeps. */
export function startWorking(app: INestApplicationContext): void {
  app.get(Consumer).start();
  app.get(Loops).start();
}
