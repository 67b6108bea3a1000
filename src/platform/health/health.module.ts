import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ConnectionChecks } from './connection-checks.js';
import { HealthController } from './health.controller.js';
import { HealthService, REQUIRED_CHECKS } from './health.service.js';
import { ProbeServer } from './probe-server.js';
import { Readiness } from './readiness.js';

@Global()
@Module({})
export class HealthModule {
  /** An API accepts without Redis: work waits in PostgreSQL. */
  static forApi(): DynamicModule {
    return HealthModule.requiring('postgres', 'migrations');
  }

  /** A worker gets its work through Redis. */
  static forWorker(): DynamicModule {
    return HealthModule.requiring('postgres', 'migrations', 'redis');
  }

  private static requiring(...names: string[]): DynamicModule {
    return {
      module: HealthModule,
      controllers: [HealthController],
      providers: [
        Readiness,
        HealthService,
        ConnectionChecks,
        ProbeServer,
        { provide: REQUIRED_CHECKS, useValue: names },
      ],
      exports: [Readiness, HealthService, ProbeServer],
    };
  }
}
