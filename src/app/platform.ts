import { ConfigModule } from '../config/config.module.js';
import { DatabaseModule } from '../platform/database/index.js';
import { EncryptionModule } from '../platform/encryption/index.js';
import { HousekeepingModule } from '../platform/housekeeping/index.js';
import { IdempotencyModule } from '../platform/idempotency/index.js';
import { OutboxModule } from '../platform/outbox/index.js';
import { QueueModule } from '../platform/queue/index.js';
import { SchedulingModule } from '../platform/scheduling/index.js';

/** What every process stands on, whatever it does. */
export const platform = [
  ConfigModule,
  DatabaseModule,
  EncryptionModule,
  QueueModule,
  SchedulingModule,
  OutboxModule,
  IdempotencyModule,
  HousekeepingModule,
];
