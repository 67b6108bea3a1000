import { Injectable } from '@nestjs/common';
import { invariantViolated, notFound } from '../../../domain/errors.js';
import { normalizeText } from '../../../domain/text.js';
import type { Tx } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import type { Actor, Approval } from '../domain/approval.js';
import { invalidState } from '../domain/bulk-request.errors.js';
import { ApprovalRepository } from '../persistence/approval.repository.js';
import { BulkControlRepository } from '../persistence/bulk-control.repository.js';
import type { ApprovalAnswer } from './approve-bulk-request.js';
import type { ControlCommand } from './change-bulk-state.js';
import { DismissBulkRequest } from './dismiss-bulk-request.js';

export interface RejectCommand extends ControlCommand {
  readonly approver: Actor;
  /** Shown to whoever may read the bulk request. */
  readonly reason: string;
}

const logger = createLogger('approval');

/** One no is enough, also from somebody who approved before: the bulk ends, and its money is free. */
@Injectable()
export class RejectBulkRequest {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly control: BulkControlRepository,
    private readonly approvals: ApprovalRepository,
    private readonly dismissal: DismissBulkRequest,
  ) {}

  /** @throws not_found, invalid_state */
  async reject(command: RejectCommand, answer: ApprovalAnswer): Promise<Reply> {
    const { organizationId, bulkId, idempotencyKey: key, approver, reason } = command;
    const body = { bulk_request_id: bulkId, reason, approver: [approver.kind, approver.id] };
    const request = { organizationId, operation: 'bulk-requests.reject', key, body };
    return this.idempotency.run(request, async (tx) => answer(await this.rejectIn(tx, command)));
  }

  private async rejectIn(tx: Tx, { organizationId, bulkId, approver, reason }: RejectCommand): Promise<Approval> {
    const bulk = await this.control.lock(tx, organizationId, bulkId);
    if (!bulk) throw notFound('bulk request');
    if (bulk.status !== 'awaiting_approval') {
      throw invalidState(bulk.status, `A bulk request that is ${bulk.status} cannot be rejected.`);
    }
    const known = await this.approvals.find(tx, organizationId, bulkId);
    if (!known) throw invariantViolated('a bulk request awaits an approval that is not there');
    const decision = { decision: 'reject' as const, reason: normalizeText(reason) };
    await this.approvals.decide(tx, known.request, approver, decision);
    const status = await this.dismissal.dismiss(tx, bulkId, 'rejected', decision.reason);
    const told = { bulk_request_id: bulkId, organization_id: organizationId, status };
    tx.afterCommit(() => logger.info({ event: 'bulk_rejected', outcome: 'rejected', ...told }));
    return (await this.approvals.find(tx, organizationId, bulkId)) ?? known;
  }
}
