import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { DomainError } from '../../../domain/errors.js';
import { CommitOutcomeUnknown, ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { problemOf } from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { AccountsQueries, AccountsService } from '../../accounts/index.js';
import { AuditTrail } from '../../audit/index.js';
import { PoliciesService } from '../../policies/index.js';
import { BULK_REQUEST_HOLD, chunkSize, type NewTransfer, TransfersService } from '../../transfers/index.js';
import { OpenCallback } from '../../webhooks/index.js';
import { toBulkRequest } from '../bulk-requests.queries.js';
import type { Actor } from '../domain/approval.js';
import { accountNotActive, duplicateBulkRequest, insufficientFunds } from '../domain/bulk-request.errors.js';
import type { BulkRequest } from '../domain/bulk-request.js';
import { ApprovalRepository } from '../persistence/approval.repository.js';
import { BulkRequestRepository, type NewBulkRequest } from '../persistence/bulk-request.repository.js';
import { HashPayload } from './hash-payload.js';
import { type SubmissionKey, RecognizeSubmission } from './recognize-submission.js';
import { RecordBulkChange } from './record-bulk-change.js';
import { type AskedAboutDuplicates, type Review, ReviewSubmission } from './review-submission.js';

/** Makes the answer to an accepted bulk, inside the transaction that accepts it. */
export type Answer = (bulk: BulkRequest, tx: Tx) => Promise<Reply> | Reply;

export interface CheckedSubmission {
  readonly bulk: NewBulkRequest;
  readonly lines: readonly NewTransfer[];
  readonly key: SubmissionKey;
  /** As read before the transaction: a broke caller costs nothing. The reservation decides. */
  readonly isFunded: boolean;
  /** How to look for payments that its lines repeat. */
  readonly asked: AskedAboutDuplicates;
  readonly submitter: Actor;
  /** Who is told how it goes, if it names somebody; found to be allowed. */
  readonly callbackUrl?: string | null;
  /** Runs behind the key and before everything else: locks a bulk that this one is made out of, and may refuse. */
  readonly guard?: (tx: Tx) => Promise<void>;
  /** What was asked, as a refusal that is stored tells it; the submission of a bulk unless told otherwise. */
  readonly instance?: string;
}

/** What it has to wait for is no longer what the review said: nothing was stored, and it is reviewed again. */
class OutdatedReview extends Error {
  override readonly name = 'OutdatedReview';
}

interface ReviewedSubmission extends CheckedSubmission {
  /** What it counts against, and what it has to wait for. */
  readonly review: Review;
}

/** With what an approval will bind; null where none is needed. */
type HashedSubmission = ReviewedSubmission & { readonly payloadHash: string | null };

const INSTANCE = '/api/v1/bulk-requests';
const logger = createLogger('acceptance');

/**
 * One transaction, no Redis: claim the key, store the bulk and its lines, and last reserve the money. A crash at any point leaves
 * nothing, the key included.
 */
@Injectable()
export class AcceptBulkRequest {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: RecognizeSubmission,
    private readonly repository: BulkRequestRepository,
    private readonly transfers: TransfersService,
    private readonly accounts: AccountsService,
    private readonly accountsQueries: AccountsQueries,
    private readonly policies: PoliciesService,
    private readonly approvals: ApprovalRepository,
    private readonly reviews: ReviewSubmission,
    private readonly payloads: HashPayload,
    private readonly audit: AuditTrail,
    private readonly changes: RecordBulkChange,
    private readonly callbacks: OpenCallback,
    private readonly wake: Wake,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Reviews it, and stores it with what the review says.
   *
   * @throws limit_exceeded, suspected_duplicate, duplicate_bulk_request, account_not_active, and insufficient_funds where no key keeps it
   */
  async accept(submission: CheckedSubmission, answer: Answer): Promise<Reply> {
    const { bulk, lines, asked } = submission;
    for (;;) {
      const review = await this.reviews.review(bulk, lines, asked);
      try {
        return await this.acceptReviewed({ ...submission, review }, answer);
      } catch (error) {
        // Another request was accepted meanwhile; the next review sees what it brought.
        if (!(error instanceof OutdatedReview)) throw error;
      }
    }
  }

  /** @throws OutdatedReview */
  private async acceptReviewed(submission: ReviewedSubmission, answer: Answer): Promise<Reply> {
    const given: Reply[] = [];
    const { bulk, lines, review } = submission;
    // Outside the transaction: it takes a while, and only what is accepted then has this hash.
    const payloadHash = review.approval && this.payloads.ofSubmission(bulk, lines);
    try {
      return await this.unitOfWork.run(ofOrganization(bulk.organizationId), async (tx) => {
        const reply = await this.acceptIn(tx, { ...submission, payloadHash }, answer);
        given.push(reply);
        return reply;
      });
    } catch (error) {
      if (!(error instanceof CommitOutcomeUnknown)) throw error;
      // The connection went while COMMIT was under way: what is stored now answers.
      const { key } = submission;
      if (await this.keys.belongTo(key, bulk.id)) return given.at(-1) as Reply;
      const replay = key.isFingerprint ? null : await this.keys.findReplay(key);
      if (!replay) throw error;
      return replay;
    }
  }

  private async acceptIn(tx: Tx, submission: HashedSubmission, answer: Answer): Promise<Reply> {
    const { bulk, key } = submission;
    const replay = await this.keys.claim(tx, key);
    if (replay) return replay;
    await submission.guard?.(tx);
    try {
      if (!submission.isFunded) throw insufficientFunds();
      const reply = await tx.savepoint(async () => answer(await this.store(tx, submission), tx));
      await this.keys.store(tx, key, reply, bulk.id);
      return reply;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'insufficient_funds' || key.isFingerprint) throw error;
      const context = { instance: submission.instance ?? INSTANCE, requestId: bulk.correlationId ?? bulk.id };
      const refusal = Reply.of(422, problemOf(error, context));
      await this.keys.store(tx, key, refusal, null);
      return refusal;
    }
  }

  private announce({ bulk, review }: ReviewedSubmission): void {
    const told = { bulk_request_id: bulk.id, organization_id: bulk.organizationId, lines: bulk.transferCount };
    logger.info({ event: 'bulk_accepted', ...told });
    if (!review.approval) return this.wake.notify('chunks');
    const reasons = review.approval.reasons.map(({ code }) => code);
    logger.info({ event: 'bulk_awaiting_approval', ...told, reasons });
  }

  private async store(tx: Tx, submission: HashedSubmission): Promise<BulkRequest> {
    const { bulk, lines } = submission;
    const { organizationId, debtorAccountId, currency, totalMinor } = bulk;
    const isHeld = submission.review.approval !== null;
    const inserted = await this.repository.insert(tx, bulk, isHeld ? 'awaiting_approval' : 'processing');
    if (!inserted) throw await this.usedBefore(tx, bulk);
    await this.transfers.open(
      tx,
      {
        organizationId,
        bulkId: bulk.id,
        debtorAccountId,
        currency,
        urgent: bulk.priority === 'urgent',
        chunkSize: chunkSize(lines.length, this.config.CHUNK_SIZE),
        isHeld,
      },
      lines,
    );
    const review = await this.reviews.confirm(tx, bulk, lines, submission.review);
    if ((review.approval !== null) !== isHeld) throw new OutdatedReview();
    const accepted = { ...submission, review };
    const row = review.warnings.length === 0 ? inserted : await this.repository.warn(tx, inserted, review.warnings);
    await this.openApproval(tx, accepted);
    await this.openCallback(tx, accepted);
    this.recordOverride(tx, accepted);
    const spending = { organizationId, accountId: debtorAccountId, currency, amountMinor: totalMinor };
    await this.policies.spend(tx, { ...spending, count: bulk.transferCount }, review.limits);
    // The account is everybody's row: it is locked last, and for as short as can be.
    if (!(await this.accounts.reserve(tx, { accountId: debtorAccountId, amountMinor: totalMinor }))) {
      const debtor = await this.accountsQueries.findDebtor(tx, { organizationId, accountId: debtorAccountId });
      throw debtor?.status === 'active' ? insufficientFunds() : accountNotActive();
    }
    await this.accounts.openHold(tx, {
      organizationId,
      accountId: debtorAccountId,
      currency,
      purpose: BULK_REQUEST_HOLD,
      referenceId: bulk.id,
      amountMinor: totalMinor,
    });
    this.changes.accepted(tx, bulk, review.approval && { ...review.approval, payloadHash: submission.payloadHash });
    tx.afterCommit(() => this.announce(accepted));
    return toBulkRequest(row);
  }

  private async openCallback(tx: Tx, { bulk, callbackUrl: url = null }: HashedSubmission): Promise<void> {
    if (url === null) return;
    await this.callbacks.open(tx, { organizationId: bulk.organizationId, bulkId: bulk.id, url });
  }

  private recordOverride(tx: Tx, { bulk, review: { duplicates } }: HashedSubmission): void {
    if (!duplicates.overridden) return;
    const { lines, reason } = duplicates.overridden;
    this.audit.record(tx, {
      organizationId: bulk.organizationId,
      action: 'bulk_request.duplicates_overridden',
      resource: { type: 'bulk_request', id: bulk.id },
      reason,
      after: { lines },
    });
  }

  private async openApproval(tx: Tx, { bulk, review, submitter, payloadHash }: HashedSubmission): Promise<void> {
    if (!review.approval || payloadHash === null) return;
    const { approvers: required, expiresAfterHours, reasons } = review.approval;
    const { id: bulkId, organizationId } = bulk;
    const request = { bulkId, organizationId, required, reasons, payloadHash, submitter };
    await this.approvals.open(tx, { ...request, expiresAfterHours });
  }

  /** A `request_id` is unique for ever, well beyond the days an answer is kept. */
  private async usedBefore(tx: Tx, bulk: NewBulkRequest): Promise<DomainError> {
    const existing = await this.repository.findIdByRequestId(tx, bulk.organizationId, bulk.requestId ?? '');
    return duplicateBulkRequest(existing ?? '');
  }
}
