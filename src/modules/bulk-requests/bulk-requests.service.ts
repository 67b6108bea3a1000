import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY } from '../../platform/database/index.js';
import type { Reply } from '../../platform/idempotency/index.js';
import type { Answer } from './application/accept-bulk-request.js';
import { type ApprovalAnswer, ApproveBulkRequest, type ApproveCommand } from './application/approve-bulk-request.js';
import { CancelBulkRequest } from './application/cancel-bulk-request.js';
import type { ControlCommand } from './application/change-bulk-state.js';
import { CompleteBulkRequest } from './application/complete-bulk-request.js';
import { PauseBulkRequest } from './application/pause-bulk-request.js';
import { type RejectCommand, RejectBulkRequest } from './application/reject-bulk-request.js';
import { type RetryCommand, RetryFailedLines } from './application/retry-failed-lines.js';
import { RecountBulkRequest } from './application/recount-bulk-request.js';
import { StopBulkRequest } from './application/stop-bulk-request.js';
import { type SubmitBulkRequestCommand, SubmitBulkRequest } from './application/submit-bulk-request.js';
import type { BulkRequest } from './domain/bulk-request.js';
import type { BulkRequestStatus } from './domain/bulk-request.state.js';
import type { Cancellation } from './domain/control.js';
import { BulkCompletionRepository } from './persistence/bulk-completion.repository.js';

/** What can be done with bulk requests; each use case has a file of its own in `application/`. */
@Injectable()
export class BulkRequestsService {
  constructor(
    private readonly submitUseCase: SubmitBulkRequest,
    private readonly completeUseCase: CompleteBulkRequest,
    private readonly stopUseCase: StopBulkRequest,
    private readonly recountUseCase: RecountBulkRequest,
    private readonly cancelUseCase: CancelBulkRequest,
    private readonly pauseUseCase: PauseBulkRequest,
    private readonly retryUseCase: RetryFailedLines,
    private readonly approveUseCase: ApproveBulkRequest,
    private readonly rejectUseCase: RejectBulkRequest,
    private readonly database: Database,
    private readonly completions: BulkCompletionRepository,
  ) {}

  /** Accepts a submission durably, or refuses it whole. */
  submit(command: SubmitBulkRequestCommand, answer: Answer): Promise<Reply> {
    return this.submitUseCase.submit(command, answer);
  }

  /** A dry run: everything is checked, nothing is stored, keys are ignored. */
  validate(command: SubmitBulkRequestCommand): Promise<BulkRequest> {
    return this.submitUseCase.validate(command);
  }

  /** The state a bulk ends in; null when it stays open. */
  complete(organizationId: string, bulkId: string): Promise<BulkRequestStatus | null> {
    return this.completeUseCase.complete(organizationId, bulkId);
  }

  /** Counts a bulk again that does not add up, and puts right what can be. */
  async recount(organizationId: string, bulkId: string): Promise<void> {
    await this.recountUseCase.recount(organizationId, bulkId);
  }

  stop(organizationId: string, bulkId: string): Promise<void> {
    return this.stopUseCase.stop(organizationId, bulkId);
  }

  /** Cancels what was not sent, and says how many lines may still be paid. */
  cancel(command: ControlCommand, answer: (cancellation: Cancellation) => Reply): Promise<Reply> {
    return this.cancelUseCase.cancel(command, answer);
  }

  /** Sends nothing new until it is resumed. */
  pause(command: ControlCommand, answer: (bulk: BulkRequest) => Reply): Promise<Reply> {
    return this.pauseUseCase.pause(command, answer);
  }

  resume(command: ControlCommand, answer: (bulk: BulkRequest) => Reply): Promise<Reply> {
    return this.pauseUseCase.resume(command, answer);
  }

  /** Pays the failed lines of a bulk that has ended again, as a bulk of their own. */
  retryFailed(command: RetryCommand, answer: Answer): Promise<Reply> {
    return this.retryUseCase.retry(command, answer);
  }

  /** Counts towards what it waits for, and releases it when that was the last one. */
  approve(command: ApproveCommand, answer: ApprovalAnswer): Promise<Reply> {
    return this.approveUseCase.approve(command, answer);
  }

  /** Ends what waits for approval, and frees its money. */
  reject(command: RejectCommand, answer: ApprovalAnswer): Promise<Reply> {
    return this.rejectUseCase.reject(command, answer);
  }

  /** Completes the next bulk of which nothing is open, of anybody without an organization. Null when there is none. */
  async completeNext(
    organizationId: string | null,
  ): Promise<{ bulkId: string; status: BulkRequestStatus | null } | null> {
    const bulk = await this.completions.findCompletable(this.database.as(DISCOVERY), organizationId);
    return bulk === null ? null : { bulkId: bulk.id, status: await this.complete(bulk.organizationId, bulk.id) };
  }
}
