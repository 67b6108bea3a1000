import { Module } from '@nestjs/common';
import { PurgeIdempotencyKeys } from './purge-idempotency-keys.js';

/** What nobody waits for: old rows going away. */
@Module({ providers: [PurgeIdempotencyKeys] })
export class HousekeepingModule {}
