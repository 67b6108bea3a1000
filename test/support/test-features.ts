import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CONFIG, ConfigModule } from '../../src/config/config.module.js';
import { loadConfig } from '../../src/config/config.schema.js';
import { DatabaseModule } from '../../src/platform/database/index.js';
import { EncryptionModule } from '../../src/platform/encryption/index.js';
import { IdempotencyModule } from '../../src/platform/idempotency/index.js';
import { Wake } from '../../src/platform/queue/index.js';
import { createTestDatabase } from './test-database.js';

export interface TestFeatures {
  app: INestApplicationContext;
  databaseUrl: string;
  close(): Promise<void>;
}

/** There are no other processes to wake up. */
const nobodyToWake = {
  module: class NobodyToWake {},
  global: true,
  providers: [{ provide: Wake, useValue: { notify: () => undefined } }],
  exports: [Wake],
};

/** Feature modules on a database of their own: no HTTP and no queue, and so nobody to wake up; nothing else is replaced. */
export async function startFeatures(
  features: NonNullable<ModuleMetadata['imports']>,
  env: Record<string, string> = {},
): Promise<TestFeatures> {
  const database = await createTestDatabase();
  const config = loadConfig({
    DATABASE_URL: database.url,
    REDIS_URL: 'redis://127.0.0.1:1',
    ALLOW_UNSAFE_DURABILITY: 'true',
    ...env,
  });
  const module = await Test.createTestingModule({
    imports: [ConfigModule, DatabaseModule, EncryptionModule, IdempotencyModule, nobodyToWake, ...features],
  })
    .overrideProvider(CONFIG)
    .useValue(config)
    .compile();
  const app = await module.init();
  const close = async (): Promise<void> => {
    await app.close();
    await database.drop();
  };
  return { app, databaseUrl: database.url, close };
}
