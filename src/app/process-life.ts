import type { INestApplicationContext } from '@nestjs/common';
import { createLogger, scrub } from '../platform/logging/index.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const logger = createLogger('process');

/**
 * Runs the start of a process. When it fails, one line on stderr says why and the process ends with 1; the log has the
 * stack, unless it was the configuration, of which there is nothing more to say.
 */
export async function startProcess(start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`tranche: ${scrub(message).replaceAll('\n', ' ')}\n`);
    if (!message.startsWith('Configuration is not usable')) logger.fatal({ event: 'start_failed', err: error });
    process.exit(1);
  }
}

/** On SIGTERM and SIGINT the application finishes what it has and ends with 0; after `timeoutMs` the process ends with 1. */
export function stopOnSignals(app: INestApplicationContext, timeoutMs: number): void {
  app.enableShutdownHooks([...SIGNALS], { useProcessExit: true });
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      logger.info({ event: 'stopping', signal });
      setTimeout(() => {
        logger.error({ event: 'stop_timed_out', timeout_ms: timeoutMs });
        process.exit(1);
      }, timeoutMs).unref();
    });
  }
}
