import { Global, Module } from '@nestjs/common';
import { OutboxAcknowledger } from '../queue/index.js';
import { Outbox } from './outbox.js';
import { OutboxMetrics } from './outbox.metrics.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxRepository } from './outbox.repository.js';

@Global()
@Module({
  providers: [
    OutboxRepository,
    Outbox,
    OutboxRelay,
    OutboxMetrics,
    { provide: OutboxAcknowledger, useExisting: Outbox },
  ],
  exports: [Outbox, OutboxRepository, OutboxAcknowledger],
})
export class OutboxModule {}
