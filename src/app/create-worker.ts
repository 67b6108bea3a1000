import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../config/config.schema.js';
import { environmentConfig } from '../config/environment.js';
import { ProbeServer } from '../platform/health/index.js';
import { createLogger, NestLogger, setLogLevel } from '../platform/logging/index.js';
import { migrateOnStart } from './migrate-on-start.js';
import { startWorking } from './start-working.js';
import { WorkerModule } from './worker.module.js';

/** A worker as the environment configures it: complete, connected, working. */
export async function createWorker(config: Config = environmentConfig()): Promise<INestApplicationContext> {
  setLogLevel(config.LOG_LEVEL);
  if (config.MIGRATE_ON_START) await migrateOnStart();
  const app = await NestFactory.createApplicationContext(WorkerModule, {
    logger: new NestLogger(),
    abortOnError: false,
  });
  startWorking(app);
  if (config.WORKER_PORT !== undefined) {
    const port = await app.get(ProbeServer).listen(config.WORKER_PORT, config.HOST);
    createLogger('process').info({ event: 'listening', port, for: 'health and metrics' });
  }
  return app;
}
