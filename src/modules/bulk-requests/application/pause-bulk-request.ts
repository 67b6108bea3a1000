import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import type { Reply } from '../../../platform/idempotency/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { BulkRequestsQueries } from '../bulk-requests.queries.js';
import type { BulkRequest } from '../domain/bulk-request.js';
import { ChangeBulkState, type ControlCommand } from './change-bulk-state.js';

const logger = createLogger('control');

/** Holds back what was not sent, and lets it go again. What may have been sent is followed up all the while. */
@Injectable()
export class PauseBulkRequest {
  constructor(
    private readonly states: ChangeBulkState,
    private readonly queries: BulkRequestsQueries,
    private readonly wake: Wake,
  ) {}

  /** @throws not_found, invalid_state */
  pause(command: ControlCommand, answer: (bulk: BulkRequest) => Reply): Promise<Reply> {
    return this.change('pause', command, answer);
  }

  /** @throws not_found, invalid_state */
  resume(command: ControlCommand, answer: (bulk: BulkRequest) => Reply): Promise<Reply> {
    return this.change('resume', command, answer);
  }

  private change(
    action: 'pause' | 'resume',
    command: ControlCommand,
    answer: (bulk: BulkRequest) => Reply,
  ): Promise<Reply> {
    return this.states.run(action, command, async (tx, from) => {
      const bulk = await this.queries.getIn(tx, command.organizationId, command.bulkId);
      if (from !== null) this.announce(tx, action, bulk);
      return answer(bulk);
    });
  }

  private announce(tx: Tx, action: 'pause' | 'resume', { id, organizationId, counts }: BulkRequest): void {
    const { pending, submitting } = counts;
    const told = { bulk_request_id: id, organization_id: organizationId, pending, submitting };
    tx.afterCommit(() => {
      if (action === 'resume') this.wake.notify('chunks');
      logger.info({ event: action === 'resume' ? 'bulk_resumed' : 'bulk_paused', ...told });
    });
  }
}
