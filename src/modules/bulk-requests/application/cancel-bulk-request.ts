import { Injectable } from '@nestjs/common';
import type { Reply } from '../../../platform/idempotency/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { TransfersService } from '../../transfers/index.js';
import type { Cancellation } from '../domain/control.js';
import { BulkControlRepository } from '../persistence/bulk-control.repository.js';
import { ChangeBulkState, type ControlCommand } from './change-bulk-state.js';

const logger = createLogger('control');

/** On request: what was not sent is cancelled and released, what may have been sent ends as its rail says. */
@Injectable()
export class CancelBulkRequest {
  constructor(
    private readonly states: ChangeBulkState,
    private readonly control: BulkControlRepository,
    private readonly transfers: TransfersService,
  ) {}

  /**
   * Answers what the new state's commit decides: from then on no lease and no window passes. Asked again while lines are in flight, it
   * counts anew.
   *
   * @throws not_found, invalid_state
   */
  async cancel(command: ControlCommand, answer: (cancellation: Cancellation) => Reply): Promise<Reply> {
    const { organizationId, bulkId } = command;
    let isWorkLeft = false;
    const reply = await this.states.run('cancel', command, async (tx, from) => {
      // What waited for approval has ended already, in this transaction.
      isWorkLeft = from !== 'awaiting_approval';
      // A statement of its own: it sees every lease that was committed before the bulk's lock was granted.
      const cancellation = await this.control.countCancelled(tx, bulkId);
      const { cancelled, inFlight } = cancellation;
      const told = { bulk_request_id: bulkId, organization_id: organizationId, cancelled, in_flight: inFlight };
      if (from !== null) tx.afterCommit(() => logger.info({ event: 'bulk_cancelled', from, ...told }));
      return answer(cancellation);
    });
    if (isWorkLeft) await this.cancelLines(organizationId, bulkId);
    return reply;
  }

  /** Only brings forward what is decided: a line that is not cancelled here is cancelled where its chunk is handed out. */
  private async cancelLines(organizationId: string, bulkId: string): Promise<void> {
    try {
      await this.transfers.stop(organizationId, bulkId);
      await this.transfers.checkCompletion(organizationId, bulkId);
    } catch (error) {
      // The caller is told what is committed, whatever happens to this process afterwards.
      logger.error({ event: 'bulk_lines_left_to_workers', bulk_request_id: bulkId, err: error });
    }
  }
}
