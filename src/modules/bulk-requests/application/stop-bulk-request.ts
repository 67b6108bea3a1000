import { Injectable } from '@nestjs/common';
import { ofOrganization, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { TransfersService } from '../../transfers/index.js';
import { stoppedNote } from '../domain/audit-note.js';
import { bulkRequestStates } from '../domain/bulk-request.state.js';
import { BulkCompletionRepository } from '../persistence/bulk-completion.repository.js';
import { RecordBulkChange } from './record-bulk-change.js';

const logger = createLogger('control');

/** After the first permanent failure, what was not sent is cancelled and its money released; `reverse` then takes back what was paid. */
@Injectable()
export class StopBulkRequest {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: BulkCompletionRepository,
    private readonly transfers: TransfersService,
    private readonly changes: RecordBulkChange,
  ) {}

  /** The bulk's row changes first, so that no later lease or window passes. Does nothing to a bulk that is not running. */
  async stop(organizationId: string, bulkId: string): Promise<void> {
    const isStopping = await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const bulk = await this.repository.lock(tx, bulkId);
      // Already stopping: an earlier run may have died half-way.
      if (bulk?.status === 'cancelling' || bulk?.status === 'reversing') return true;
      if (bulk?.status !== 'processing' && bulk?.status !== 'paused') return false;
      const to = bulk.onFailure === 'reverse' ? 'reversing' : 'cancelling';
      bulkRequestStates.assertMove(bulk.status, to);
      const change = { from: bulk.status, to } as const;
      if (!(await this.repository.stop(tx, { id: bulkId, ...change }, 'on_failure'))) return false;
      this.changes.changed(tx, bulk, stoppedNote(bulk, change), { ...change, counts: null });
      return true;
    });
    if (!isStopping) return;
    const cancelled = await this.transfers.stop(organizationId, bulkId);
    logger.info({ event: 'bulk_stopped', bulk_request_id: bulkId, cancelled });
    await this.transfers.checkCompletion(organizationId, bulkId);
  }
}
