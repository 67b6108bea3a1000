import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { newId } from '../../../domain/ids.js';
import { Database, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { Reply } from '../../../platform/idempotency/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { currentRequestId } from '../../../platform/logging/request-context.js';
import { AccountsQueries, type Debtor } from '../../accounts/index.js';
import { AuditTrail } from '../../audit/index.js';
import { RailsService } from '../../rails/index.js';
import { TransfersService } from '../../transfers/index.js';
import type { Actor } from '../domain/approval.js';
import { retriedNote } from '../domain/audit-note.js';
import {
  accountNotActive,
  debtorNotFound,
  duplicateBulkRequest,
  nothingToRetry,
} from '../domain/bulk-request.errors.js';
import { assertRetryable } from '../domain/control.js';
import { type CreditTransfer, creditTransferPointer } from '../domain/credit-transfer.js';
import { assertRailCan } from '../domain/submission.js';
import { BulkControlRepository, type FailedLine } from '../persistence/bulk-control.repository.js';
import {
  BulkRequestRepository,
  type BulkRequestRow,
  type NewBulkRequest,
} from '../persistence/bulk-request.repository.js';
import { AcceptBulkRequest, type Answer } from './accept-bulk-request.js';
import type { ControlCommand } from './change-bulk-state.js';
import { RecognizeSubmission } from './recognize-submission.js';
import { RouteLines } from './route-lines.js';

/** A failed line, as it is paid again. */
type RetriedLine = CreditTransfer & { readonly originTransferId: string };

export interface RetryCommand extends ControlCommand {
  /** Who will not be one of its approvers: paying again is submitting. */
  readonly submitter: Actor;
  /** Why lines that look like payments made since are none; null where nobody says so. */
  readonly overrideReason: string | null;
}

const logger = createLogger('control');

/**
 * Pays the failed lines of a bulk that has ended again, as a bulk of its own: accepted like any other, and once for ever. The bulk's row
 * decides between two who try; a unique index on the line behind it would refuse what that let through.
 */
@Injectable()
export class RetryFailedLines {
  constructor(
    private readonly database: Database,
    private readonly keys: RecognizeSubmission,
    private readonly repository: BulkRequestRepository,
    private readonly control: BulkControlRepository,
    private readonly accounts: AccountsQueries,
    private readonly routes: RouteLines,
    private readonly acceptance: AcceptBulkRequest,
    private readonly rails: RailsService,
    private readonly transfers: TransfersService,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @throws not_found, invalid_state, duplicate_bulk_request, rail_not_configured, rail_cannot_reverse, nothing_to_retry, insufficient_funds,
   * account_not_active, limit_exceeded, suspected_duplicate
   */
  async retry(command: RetryCommand, answer: Answer): Promise<Reply> {
    const { organizationId, bulkId, idempotencyKey, overrideReason } = command;
    const on = this.database.of(organizationId);
    const failed = await this.repository.find(on, organizationId, bulkId);
    if (!failed) throw notFound('bulk request');
    const operation = 'bulk-requests.retry-failed';
    const body = {
      bulk_request_id: bulkId,
      ...(overrideReason !== null && { duplicate_override_reason: overrideReason }),
    };
    const key = this.keys.of({ organizationId, operation, idempotencyKey, requestId: null, body });
    // Before the answer is looked for: whoever retries it in between stores that with it.
    const existingId = await this.control.findRetry(on, bulkId);
    const replay = await this.keys.findReplay(key);
    if (replay) return replay;
    assertRetryable(failed);
    if (existingId !== null) throw duplicateBulkRequest(existingId);
    this.assertPossible(failed);
    const lines = await this.linesOf(on, organizationId, bulkId);
    const debtor = await this.debtorOf(failed);
    const bulk = retryOf(failed, lines);
    const routed = await this.routes.route(organizationId, failed.rail, lines);
    // That they were tried before is the point of it; that somebody paid them otherwise since is not.
    const asked = { policy: undefined, overrideReason, pointerOf: creditTransferPointer, isAskedBefore: true };
    return this.acceptance.accept(
      {
        bulk,
        lines: routed,
        key,
        isFunded: bulk.totalMinor <= debtor.availableMinor,
        asked,
        submitter: command.submitter,
        guard: (tx) => this.assertFirst(tx, organizationId, bulkId),
        instance: `/api/v1/bulk-requests/${bulkId}/retry-failed`,
      },
      (accepted, tx) => {
        this.audit.record(tx, retriedNote(failed, accepted));
        const told = { bulk_request_id: bulkId, organization_id: organizationId, retry_id: accepted.id };
        tx.afterCommit(() => logger.info({ event: 'bulk_retried', ...told, lines: accepted.transferCount }));
        return answer(accepted, tx);
      },
    );
  }

  /** What could be asked of the rail then may be too much now. */
  private assertPossible({ rail, onFailure }: BulkRequestRow): void {
    const exists = this.rails.has(rail);
    assertRailCan({ on_failure: onFailure }, { exists, reverses: exists && this.rails.canReverse(rail) });
  }

  /** What is said to have been paid after all waits for a person, and is not paid again. */
  private async linesOf(on: Queryable, organizationId: string, bulkId: string): Promise<RetriedLine[]> {
    const failed = await this.control.listFailed(on, bulkId);
    const lines = failed.filter((line) => !line.isContradicted);
    const withheld = failed.length - lines.length;
    if (withheld > 0) logger.warn({ event: 'bulk_lines_not_retried', bulk_request_id: bulkId, lines: withheld });
    if (lines.length === 0) throw nothingToRetry();
    const ibans = this.transfers.openIbans(organizationId, lines);
    return lines.map((line, index) => toRetriedLine(line, ibans[index] ?? ''));
  }

  private async debtorOf({ organizationId, debtorAccountId: accountId }: BulkRequestRow): Promise<Debtor> {
    const debtor = await this.accounts.findDebtor(this.database.of(organizationId), {
      organizationId,
      accountId,
    });
    if (!debtor) throw debtorNotFound();
    if (debtor.status !== 'active') throw accountNotActive();
    return debtor;
  }

  /** Of two at the same time, the second waits here and finds the first one's bulk. */
  private async assertFirst(tx: Tx, organizationId: string, bulkId: string): Promise<void> {
    await this.control.lock(tx, organizationId, bulkId);
    const existingId = await this.control.findRetry(tx, bulkId);
    if (existingId !== null) throw duplicateBulkRequest(existingId);
  }
}

const toRetriedLine = (line: FailedLine, counterpartyIban: string): RetriedLine => ({
  line: line.line,
  amountMinor: line.amountMinor,
  counterpartyName: line.counterpartyName,
  counterpartyIban,
  counterpartyBic: line.counterpartyBic,
  description: line.description,
  purposeCode: line.purposeCode,
  clientTransferId: line.clientTransferId,
  originTransferId: line.id,
});

/** Everything the caller chose about the failed bulk; its lines keep their positions. */
function retryOf(failed: BulkRequestRow, lines: readonly RetriedLine[]): NewBulkRequest {
  const { id: originId, organizationId, debtorAccountId, currency, onFailure, priority, rail, metadata } = failed;
  return {
    id: newId(),
    organizationId,
    requestId: null,
    correlationId: currentRequestId() ?? null,
    debtorAccountId,
    currency,
    onFailure,
    validation: 'all_or_nothing',
    priority,
    rail,
    metadata,
    origin: 'retry',
    originId,
    totalMinor: lines.reduce((sum, line) => sum + line.amountMinor, 0n),
    transferCount: lines.length,
    rejectedCount: 0,
    rejectedLines: [],
  };
}
