import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { sameBic } from '../../../domain/bic.js';
import { normalizeIban } from '../../../domain/iban.js';
import { newId } from '../../../domain/ids.js';
import { Database } from '../../../platform/database/index.js';
import type { Reply } from '../../../platform/idempotency/index.js';
import { currentRequestId } from '../../../platform/logging/request-context.js';
import { OutboundUrls } from '../../../platform/outbound/index.js';
import { AccountsQueries, type Debtor } from '../../accounts/index.js';
import { OrganizationsQueries } from '../../organizations/index.js';
import { RailsService } from '../../rails/index.js';
import type { Actor } from '../domain/approval.js';
import { accept, type Acceptance } from '../domain/acceptance.js';
import {
  accountNotActive,
  debtorNotFound,
  duplicateBulkRequest,
  insufficientFunds,
  organizationMismatch,
} from '../domain/bulk-request.errors.js';
import type { BulkRequest } from '../domain/bulk-request.js';
import { type CheckedCreditTransfers, checkCreditTransfers, creditTransferPointer } from '../domain/credit-transfer.js';
import { assertNamesDebtor, assertRailCan, assertSupported, type Submission } from '../domain/submission.js';
import { BulkRequestRepository, type NewBulkRequest } from '../persistence/bulk-request.repository.js';
import { AcceptBulkRequest, type Answer } from './accept-bulk-request.js';
import { previewOf } from './preview-bulk-request.js';
import { RecognizeSubmission } from './recognize-submission.js';
import { type AskedAboutDuplicates, ReviewSubmission, warningsOf } from './review-submission.js';
import { RouteLines } from './route-lines.js';

export interface SubmitBulkRequestCommand {
  readonly organizationId: string;
  /** Keys are scoped by it; both bulk paths are one operation, a single transfer is another. */
  readonly operation: 'bulk-requests.create' | 'transfers.create';
  readonly idempotencyKey: string | null;
  /** As it was sent: what is compared when it comes again. */
  readonly body: unknown;
  readonly submission: Submission;
  /** Who will not be one of its approvers. */
  readonly submitter: Actor;
  readonly pointerOf?: (line: number) => string;
}

/** Everything about a submission that does not need a transaction: read, check, decide. */
@Injectable()
export class SubmitBulkRequest {
  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationsQueries,
    private readonly accounts: AccountsQueries,
    private readonly keys: RecognizeSubmission,
    private readonly repository: BulkRequestRepository,
    private readonly reviews: ReviewSubmission,
    private readonly routes: RouteLines,
    private readonly acceptance: AcceptBulkRequest,
    private readonly rails: RailsService,
    private readonly urls: OutboundUrls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Accepts, refuses, or repeats what was answered before. The refusals of api.md are thrown or, for money, stored and answered. */
  async submit(command: SubmitBulkRequestCommand, answer: Answer): Promise<Reply> {
    assertNamesDebtor(command.submission);
    this.assertPossible(command.submission);
    const requestId = command.submission.request_id?.toLowerCase() ?? null;
    const key = this.keys.of({ ...command, requestId });
    // Before the answer is looked for: whoever accepts it in between stores that with it.
    const existingId = requestId === null ? null : await this.findBulkOf(command.organizationId, requestId);
    const replay = await this.keys.findReplay(key);
    if (replay) return replay;
    // A refusal for lack of money, or any other, would say that it was never accepted.
    if (existingId !== null) throw duplicateBulkRequest(existingId);
    const { submission, submitter } = command;
    const { debtor, checked, acceptance } = await this.check(command);
    const bulk = this.newBulk(command, debtor, checked, acceptance);
    const lines = await this.routes.route(command.organizationId, bulk.rail, acceptance.lines);
    const isFunded = acceptance.totalMinor <= debtor.availableMinor;
    const asked = askedAboutDuplicates(command);
    const callbackUrl = submission.callback_url ?? null;
    return this.acceptance.accept({ bulk, lines, key, isFunded, asked, submitter, callbackUrl }, answer);
  }

  private assertPossible(submission: Submission): void {
    assertSupported(submission);
    if (submission.callback_url !== undefined) this.urls.assertAllowed(submission.callback_url, '/callback_url');
    const rail = submission.rail ?? this.config.DEFAULT_RAIL;
    const exists = this.rails.has(rail);
    assertRailCan(submission, { exists, reverses: exists && this.rails.canReverse(rail) });
  }

  private findBulkOf(organizationId: string, requestId: string): Promise<string | null> {
    return this.repository.findIdByRequestId(this.database.of(organizationId), organizationId, requestId);
  }

  /** Everything {@link submit} would check, and nothing stored. */
  async validate(command: SubmitBulkRequestCommand): Promise<BulkRequest> {
    assertNamesDebtor(command.submission);
    this.assertPossible(command.submission);
    const { debtor, checked, acceptance } = await this.check(command);
    const bulk = this.newBulk(command, debtor, checked, acceptance);
    const lines = await this.routes.route(command.organizationId, bulk.rail, acceptance.lines);
    const review = await this.reviews.review(bulk, lines, askedAboutDuplicates(command));
    if (acceptance.totalMinor > debtor.availableMinor) throw insufficientFunds();
    return previewOf(bulk, warningsOf(review));
  }

  private async check(
    command: SubmitBulkRequestCommand,
  ): Promise<{ debtor: Debtor; checked: CheckedCreditTransfers; acceptance: Acceptance }> {
    const { submission, organizationId } = command;
    await this.assertOrganizationName(organizationId, submission.organization_name);
    const debtor = await this.findDebtor(organizationId, submission);
    if (debtor.status !== 'active') throw accountNotActive();
    const checked = checkCreditTransfers(submission.credit_transfers, debtor, command.pointerOf);
    return { debtor, checked, acceptance: accept(checked, submission.validation ?? 'all_or_nothing') };
  }

  private async assertOrganizationName(organizationId: string, name: string | undefined): Promise<void> {
    if (name === undefined) return;
    const organization = await this.organizations.get(organizationId);
    if (organization.name !== name.normalize('NFC')) throw organizationMismatch();
  }

  /** By id, or by IBAN and BIC. Whatever else is said about the debtor must be true of that account. */
  private async findDebtor(organizationId: string, submission: Submission): Promise<Debtor> {
    const { debtor_account_id: accountId, organization_iban: iban, organization_bic: bic } = submission;
    const reference =
      accountId === undefined
        ? { organizationId, iban: normalizeIban(iban ?? ''), bic: bic ?? '' }
        : { organizationId, accountId: accountId.toLowerCase() };
    const debtor = await this.accounts.findDebtor(this.database.of(organizationId), reference);
    const isMeant =
      debtor !== null &&
      (iban === undefined || debtor.iban === normalizeIban(iban)) &&
      (bic === undefined || debtor.bic === null || sameBic(debtor.bic, bic));
    if (!isMeant) throw debtorNotFound();
    return debtor;
  }

  private newBulk(
    { organizationId, submission }: SubmitBulkRequestCommand,
    debtor: Debtor,
    checked: CheckedCreditTransfers,
    acceptance: Acceptance,
  ): NewBulkRequest {
    return {
      id: newId(),
      organizationId,
      requestId: submission.request_id?.toLowerCase() ?? null,
      correlationId: currentRequestId() ?? null,
      debtorAccountId: debtor.id,
      currency: debtor.currency,
      onFailure: submission.on_failure ?? 'continue',
      validation: submission.validation ?? 'all_or_nothing',
      priority: submission.priority ?? 'normal',
      rail: submission.rail ?? this.config.DEFAULT_RAIL,
      metadata: submission.metadata ?? {},
      origin: null,
      originId: null,
      totalMinor: acceptance.totalMinor,
      transferCount: acceptance.lines.length,
      rejectedCount: checked.rejectedCount,
      rejectedLines: checked.rejected,
    };
  }
}

const askedAboutDuplicates = ({
  submission,
  pointerOf = creditTransferPointer,
}: SubmitBulkRequestCommand): AskedAboutDuplicates => ({
  policy: submission.duplicate_policy,
  overrideReason: submission.duplicate_override_reason ?? null,
  pointerOf,
  isAskedBefore: false,
});
