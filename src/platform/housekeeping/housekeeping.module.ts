import { Module } from '@nestjs/common';
import { RequestNonces } from '../request-signing/index.js';
import { PurgeIdempotencyKeys } from './purge-idempotency-keys.js';
import { PurgeRequestNonces } from './purge-request-nonces.js';

/** What nobody waits for: old rows going away. */
@Module({ providers: [PurgeIdempotencyKeys, PurgeRequestNonces, RequestNonces] })
export class HousekeepingModule {}
