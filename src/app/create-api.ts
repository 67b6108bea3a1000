import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.schema.js';
import { environmentConfig } from '../config/environment.js';
import { mountQueueBoard } from '../platform/board/index.js';
import { configureHttp, HttpAdapter } from '../platform/http/index.js';
import { NestLogger, setLogLevel } from '../platform/logging/index.js';
import { ApiModule } from './api.module.js';
import { migrateOnStart } from './migrate-on-start.js';

/** The API as the environment configures it: complete, connected, not listening. */
export async function createApi(config: Config = environmentConfig()): Promise<NestFastifyApplication> {
  setLogLevel(config.LOG_LEVEL);
  if (config.MIGRATE_ON_START) await migrateOnStart();
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule, new HttpAdapter(config), {
    logger: new NestLogger(),
    // A failed start is told in one line by main.api.ts, not by Nest aborting the process.
    abortOnError: false,
  });
  configureHttp(app, config);
  await mountQueueBoard(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}
