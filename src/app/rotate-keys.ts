import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../config/config.schema.js';
import { ConfigModule } from '../config/config.module.js';
import { NotificationSettingsModule, ResealChannelSettings } from '../modules/notifications/index.js';
import { CounterpartiesModule, ResealCounterparties } from '../modules/transfers/index.js';
import { ResealWebhookSecrets, WebhookSecretsModule } from '../modules/webhooks/index.js';
import { DatabaseModule } from '../platform/database/index.js';
import { EncryptionModule, type SealedStore } from '../platform/encryption/index.js';
import { IdempotencyModule, ResealAnswers } from '../platform/idempotency/index.js';
import { createLogger, NestLogger, setLogLevel } from '../platform/logging/index.js';

const BATCHES_PER_REPORT = 20;
/** Whoever holds a row's lock holds it for a moment. */
const PAUSE_MS = 500;

const logger = createLogger('encryption');

@Module({
  imports: [
    ConfigModule,
    DatabaseModule,
    EncryptionModule,
    IdempotencyModule,
    CounterpartiesModule,
    NotificationSettingsModule,
    WebhookSecretsModule,
  ],
})
export class KeyRotationModule {}

/** THE list of what is sealed. */
const STORES = [ResealCounterparties, ResealAnswers, ResealWebhookSecrets, ResealChannelSettings];

/** Seals everything anew that is not under the first key of DATA_ENCRYPTION_KEYS. Others may read and write meanwhile. */
export async function rotateKeys(config: Config): Promise<void> {
  setLogLevel(config.LOG_LEVEL);
  const app = await NestFactory.createApplicationContext(KeyRotationModule, {
    logger: new NestLogger(),
    abortOnError: false,
  });
  try {
    let unreadable = 0;
    for (const store of STORES) unreadable += await resealAll(app.get<SealedStore>(store));
    if (unreadable > 0)
      throw new Error(`${unreadable} values do not open under any key: keep the old keys, see the log`);
  } finally {
    await app.close();
  }
}

/**
 * Goes through a store until nothing old is left but what does not open: rows that were locked are found again, and so is what a process
 * that does not know the new key yet has written meanwhile.
 *
 * @returns how many do not open
 */
export async function resealAll(store: SealedStore, pauseMs: number = PAUSE_MS): Promise<number> {
  let resealed = 0;
  for (;;) {
    const pass = await resealOnce(store, resealed);
    resealed += pass.resealed;
    const old = await store.countOld();
    if (old <= pass.unreadable) {
      logger.info({ event: 'keys_rotated', store: store.name, resealed, unreadable: old });
      return old;
    }
    logger.info({ event: 'keys_rotation_continues', store: store.name, resealed, old });
    await delay(pauseMs);
  }
}

async function resealOnce(store: SealedStore, before: number): Promise<{ resealed: number; unreadable: number }> {
  let resealed = 0;
  let unreadable = 0;
  let from: string | null = null;
  for (let batches = 1; ; batches++) {
    const batch = await store.resealNext(from);
    resealed += batch.resealed;
    unreadable += batch.unreadable;
    if (batches % BATCHES_PER_REPORT === 0) {
      logger.info({ event: 'keys_rotating', store: store.name, resealed: before + resealed });
    }
    if (batch.next === null) return { resealed, unreadable };
    from = batch.next;
  }
}
