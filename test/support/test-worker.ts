import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { startWorking } from '../../src/app/start-working.js';
import { WorkerModule } from '../../src/app/worker.module.js';
import { CONFIG } from '../../src/config/config.module.js';
import { loadConfig } from '../../src/config/config.schema.js';
import { setLogLevel } from '../../src/platform/logging/index.js';
import { RedisClient } from '../../src/platform/queue/index.js';
import { createTestDatabase } from './test-database.js';
import { testRedisUrl } from './test-redis.js';

export interface TestWorker {
  app: INestApplicationContext;
  databaseUrl: string;
  redisUrl: string;
  close(): Promise<void>;
}

/** Short times, so that waiting is done by the database and not by the test. */
export const FAST_ENGINE = {
  ALLOW_UNSAFE_DURABILITY: 'true',
  RETRY_BASE_MS: '20',
  SWEEP_INTERVAL_MS: '100',
  RAIL_VISIBILITY_HORIZON_MS: '200',
  // A run by itself would open breaks about what a test makes a rail say.
  RECONCILIATION_INTERVAL_MS: '0',
  LOG_LEVEL: 'silent',
};

/** All features on a database of their own, working (unless told not to) exactly as a worker process does. */
export async function startTestWorker(
  env: Record<string, string> = {},
  { working = true, databaseUrl }: { working?: boolean; databaseUrl?: string } = {},
): Promise<TestWorker> {
  const database = databaseUrl === undefined ? await createTestDatabase() : null;
  const redisUrl = await testRedisUrl();
  const url = database?.url ?? databaseUrl ?? '';
  const config = loadConfig({ DATABASE_URL: url, REDIS_URL: redisUrl, ...FAST_ENGINE, ...env });
  setLogLevel(config.LOG_LEVEL);
  const module = await Test.createTestingModule({ imports: [WorkerModule] })
    .overrideProvider(CONFIG)
    .useValue(config)
    .compile();
  const app = await module.init();
  await app.get(RedisClient).settled();
  if (working) startWorking(app);
  const close = async (): Promise<void> => {
    await app.close();
    await database?.drop();
  };
  return { app, databaseUrl: url, redisUrl, close };
}
