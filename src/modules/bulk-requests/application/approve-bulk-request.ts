import { Injectable } from '@nestjs/common';
import { invariantViolated, notFound } from '../../../domain/errors.js';
import { type Tx } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { AuditTrail } from '../../audit/index.js';
import { TransfersService } from '../../transfers/index.js';
import { BulkRequestsMetrics } from '../bulk-requests.metrics.js';
import { type Actor, type Approval, type ApprovalRequest, approvalsOf, decideApproval } from '../domain/approval.js';
import { payloadChanged } from '../domain/approval.errors.js';
import { approvedNote, releasedNote } from '../domain/audit-note.js';
import { invalidState } from '../domain/bulk-request.errors.js';
import { bulkRequestStates } from '../domain/bulk-request.state.js';
import { ApprovalRepository } from '../persistence/approval.repository.js';
import { BulkControlRepository } from '../persistence/bulk-control.repository.js';
import type { ControlCommand } from './change-bulk-state.js';
import { ExpireApprovals } from './expire-approvals.js';
import { HashPayload } from './hash-payload.js';
import { RecordBulkChange } from './record-bulk-change.js';

export interface ApproveCommand extends ControlCommand {
  readonly approver: Actor;
  /** Of what the approver has seen. */
  readonly payloadHash: string;
}

/** Makes the answer from what is known after the decision. */
export type ApprovalAnswer = (approval: Approval) => Reply;

/** Thrown out of the transaction, so that ending it gets one of its own. */
class Overdue extends Error {}

const logger = createLogger('approval');

/** One more pair of eyes. The last one that is needed releases the bulk, in the same transaction. */
@Injectable()
export class ApproveBulkRequest {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly control: BulkControlRepository,
    private readonly approvals: ApprovalRepository,
    private readonly payloads: HashPayload,
    private readonly transfers: TransfersService,
    private readonly expiry: ExpireApprovals,
    private readonly audit: AuditTrail,
    private readonly changes: RecordBulkChange,
    private readonly metrics: BulkRequestsMetrics,
    private readonly wake: Wake,
  ) {}

  /** @throws not_found, invalid_state, maker_cannot_approve, payload_hash_mismatch, payload_changed */
  async approve(command: ApproveCommand, answer: ApprovalAnswer): Promise<Reply> {
    const { organizationId, bulkId, idempotencyKey: key, approver, payloadHash } = command;
    // The approver is part of what the key stands for: an answer given to one person is no approval by another.
    const body = { bulk_request_id: bulkId, payload_hash: payloadHash, approver: [approver.kind, approver.id] };
    const request = { organizationId, operation: 'bulk-requests.approve', key, body };
    try {
      return await this.idempotency.run(request, async (tx) => answer(await this.approveIn(tx, command)));
    } catch (error) {
      if (!(error instanceof Overdue)) throw error;
      const status = await this.expiry.expire(organizationId, bulkId);
      throw invalidState(status ?? 'rejected', 'The bulk request was not approved in time.');
    }
  }

  private async approveIn(tx: Tx, command: ApproveCommand): Promise<Approval> {
    const { organizationId, bulkId, approver } = command;
    const bulk = await this.control.lock(tx, organizationId, bulkId);
    if (!bulk) throw notFound('bulk request');
    const approval = await this.approvals.find(tx, organizationId, bulkId);
    const decided = decideApproval(bulk.status, approval, command);
    if (!approval) throw invariantViolated('a bulk request awaits an approval that is not there');
    if (decided === 'given') return approval;
    if (decided === 'overdue') throw new Overdue();
    await this.assertUnchanged(tx, approval.request);
    await this.approvals.decide(tx, approval.request, approver, { decision: 'approve', reason: null });
    const known = await this.approvals.find(tx, organizationId, bulkId);
    if (!known) throw invariantViolated('a bulk request awaits an approval that is not there');
    const given = approvalsOf(known).length;
    this.audit.record(tx, approvedNote(known.request, given));
    if (given < known.request.required) {
      tx.afterCommit(() => this.tell('bulk_approval_given', known.request, given));
      return known;
    }
    await this.release(tx, known.request, given);
    return (await this.approvals.find(tx, organizationId, bulkId)) ?? known;
  }

  /** What is released is what was submitted and approved, down to the last row, or nothing is. */
  private async assertUnchanged(tx: Tx, { organizationId, bulkId, payloadHash }: ApprovalRequest): Promise<void> {
    if ((await this.payloads.ofStored(tx, organizationId, bulkId)) === payloadHash) return;
    logger.error({ event: 'bulk_payload_changed', bulk_request_id: bulkId, organization_id: organizationId });
    throw payloadChanged();
  }

  private async release(tx: Tx, request: ApprovalRequest, given: number): Promise<void> {
    const { bulkId, organizationId } = request;
    const change = { from: 'awaiting_approval', to: 'processing', counts: null } as const;
    bulkRequestStates.assertMove('awaiting_approval', 'processing');
    if (!(await this.control.changeStatus(tx, bulkId, 'awaiting_approval', 'processing'))) {
      throw invariantViolated('a locked bulk request changed its state');
    }
    if (!(await this.approvals.close(tx, bulkId, 'approved'))) {
      throw invariantViolated('what a bulk request waits for was decided before');
    }
    await this.transfers.release(tx, bulkId);
    this.changes.changed(tx, { organizationId, id: bulkId }, releasedNote(request), change);
    tx.afterCommit(() => {
      this.wake.notify('chunks');
      this.metrics.decided('approved');
      this.tell('bulk_approved', request, given);
    });
  }

  private tell(event: string, { bulkId, organizationId, required }: ApprovalRequest, given: number): void {
    logger.info({ event, bulk_request_id: bulkId, organization_id: organizationId, approvals: given, required });
  }
}
