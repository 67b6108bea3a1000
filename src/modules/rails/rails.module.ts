import { Module } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { BankCallbacks } from './adapters/bank-callbacks.js';
import { HttpRail } from './adapters/http.rail.js';
import { SandboxRail } from './adapters/sandbox.rail.js';
import { SandboxJournalRepository } from './persistence/sandbox-journal.repository.js';
import { RailsMetrics } from './rails.metrics.js';
import { RailsService } from './rails.service.js';

/** Null where no bank is configured. */
function httpRail(config: Config, metrics: RailsMetrics): HttpRail | null {
  const { RAIL_HTTP_URL: url } = config;
  return url === undefined ? null : new HttpRail({ ...config, RAIL_HTTP_URL: url }, metrics);
}

@Module({
  providers: [
    BankCallbacks,
    { provide: HttpRail, useFactory: httpRail, inject: [CONFIG, RailsMetrics] },
    RailsMetrics,
    RailsService,
    SandboxJournalRepository,
    SandboxRail,
  ],
  exports: [BankCallbacks, RailsService],
})
export class RailsModule {}
