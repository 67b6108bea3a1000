import { Processor } from '@nestjs/bullmq';
import { JobHandler, OutboxAcknowledger } from '../../../platform/queue/index.js';
import { reconcileRailJob } from '../reconciliation.jobs.js';
import { ReconciliationService } from '../reconciliation.service.js';

@Processor(reconcileRailJob.name)
export class ReconcileRailProcessor extends JobHandler<{ runId: string }> {
  /** A run reads a whole statement and the whole ledger: one after the other. */
  override readonly concurrency = 1;

  constructor(
    outbox: OutboxAcknowledger,
    private readonly reconciliation: ReconciliationService,
  ) {
    super(outbox);
  }

  protected override async handle(_organizationId: string, ids: { runId: string }): Promise<void> {
    await this.reconciliation.execute(ids.runId);
  }
}
