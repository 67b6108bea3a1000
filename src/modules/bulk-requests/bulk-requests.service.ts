import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import type { Reply } from '../../platform/idempotency/index.js';
import type { Answer } from './application/accept-bulk-request.js';
import { CompleteBulkRequest } from './application/complete-bulk-request.js';
import { StopBulkRequest } from './application/stop-bulk-request.js';
import { type SubmitBulkRequestCommand, SubmitBulkRequest } from './application/submit-bulk-request.js';
import type { BulkRequest } from './domain/bulk-request.js';
import type { BulkRequestStatus } from './domain/bulk-request.state.js';
import { BulkRequestRepository } from './persistence/bulk-request.repository.js';

/** What can be done with bulk requests; each use case has a file of its own in `application/`. */
@Injectable()
export class BulkRequestsService {
  constructor(
    private readonly submitUseCase: SubmitBulkRequest,
    private readonly completeUseCase: CompleteBulkRequest,
    private readonly stopUseCase: StopBulkRequest,
    private readonly database: Database,
    private readonly repository: BulkRequestRepository,
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
  complete(bulkId: string): Promise<BulkRequestStatus | null> {
    return this.completeUseCase.complete(bulkId);
  }

  stop(bulkId: string): Promise<void> {
    return this.stopUseCase.stop(bulkId);
  }

  /** Completes the next bulk of which nothing is open, in this process. Null when there is none. */
  async completeNext(): Promise<{ bulkId: string; status: BulkRequestStatus | null } | null> {
    const bulkId = await this.repository.findCompletable(this.database);
    return bulkId === null ? null : { bulkId, status: await this.complete(bulkId) };
  }
}
