import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/index.js';
import { currentRequestId } from '../logging/request-context.js';
import { type JobDefinition, type JobIds, OutboxAcknowledger, Wake } from '../queue/index.js';
import { OutboxRepository } from './outbox.repository.js';

/** How a job leaves a transaction: as a row of it, so that it exists exactly when the change that causes it does. */
@Injectable()
export class Outbox extends OutboxAcknowledger {
  constructor(
    private readonly repository: OutboxRepository,
    private readonly wake: Wake,
  ) {
    super();
  }

  /** With `dedupeKey`, nothing is added while an earlier row of that key still waits. */
  async add<Ids extends JobIds>(
    tx: Tx,
    job: JobDefinition<Ids>,
    message: { organizationId: string; ids: Ids; dedupeKey?: string },
  ): Promise<void> {
    await this.repository.insert(tx, {
      organizationId: message.organizationId,
      job: job.name,
      payload: message.ids,
      dedupeKey: message.dedupeKey ?? null,
      requestId: currentRequestId() ?? null,
    });
    tx.afterCommit(() => this.wake.notify('outbox'));
  }

  override acknowledge(outboxId: string): Promise<void> {
    return this.repository.delete(outboxId);
  }
}
