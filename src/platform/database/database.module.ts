import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { Database } from './database.js';
import { DurabilityCheck } from './durability-check.js';
import { LoginCheck } from './login-check.js';
import { PlainStatementsClient } from './plain-statements-client.js';
import { UnitOfWork } from './unit-of-work.js';

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({
        type: 'postgres',
        url: config.DATABASE_URL,
        poolSize: config.DATABASE_POOL_SIZE,
        applicationName: 'tranche',
        extra: config.DATABASE_PREPARED_STATEMENTS ? {} : { Client: PlainStatementsClient },
        autoLoadEntities: true,
        synchronize: false,
        // A process waits for its database instead of dying and being restarted into the same outage.
        retryAttempts: 10,
        retryDelay: 1_000,
      }),
    }),
  ],
  providers: [UnitOfWork, Database, DurabilityCheck, LoginCheck],
  exports: [UnitOfWork, Database],
})
export class DatabaseModule {}
