import { Injectable } from '@nestjs/common';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { AccountsService } from '../../accounts/index.js';
import { AuditTrail } from '../../audit/index.js';
import { LedgerQueries, LedgerService } from '../../ledger/index.js';
import { ReconciliationService } from '../../reconciliation/index.js';
import { BULK_REQUEST_HOLD, TransfersService } from '../../transfers/index.js';
import { recountedNote } from '../domain/audit-note.js';
import { bulkRequestStates } from '../domain/bulk-request.state.js';
import { finalCounts } from '../domain/completion.js';
import { judgeHold } from '../domain/recount.js';
import { BulkCompletionRepository, type LockedBulkRequest } from '../persistence/bulk-completion.repository.js';

const logger = createLogger('completion');

/**
 * For a bulk that does not add up, which only a defect of ours can cause. The lines are counted again: lines nobody works on get work, wrong
 * tallies are corrected, a hold that lags behind lines and ledger gives up what it still keeps. Whatever was found, a person is told.
 */
@Injectable()
export class RecountBulkRequest {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: BulkCompletionRepository,
    private readonly transfers: TransfersService,
    private readonly accounts: AccountsService,
    private readonly ledgerQueries: LedgerQueries,
    private readonly ledger: LedgerService,
    private readonly reconciliation: ReconciliationService,
    private readonly audit: AuditTrail,
  ) {}

  /** @returns what was found, in words an operator reads */
  async recount(organizationId: string, bulkId: string): Promise<string[]> {
    const findings = await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const bulk = await this.repository.lock(tx, bulkId);
      if (!bulk || bulkRequestStates.isTerminal(bulk.status)) return [];
      const found = await this.recountIn(tx, bulk);
      await this.repository.clearFailures(tx, bulkId);
      for (const finding of found) await this.openBreak(tx, bulk, finding);
      if (found.length > 0) this.audit.record(tx, recountedNote(bulk, found));
      return found;
    });
    if (findings.length > 0) logger.error({ event: 'bulk_recounted', bulk_request_id: bulkId, findings });
    await this.transfers.checkCompletion(organizationId, bulkId);
    return findings;
  }

  private async openBreak(tx: Tx, bulk: LockedBulkRequest, found: string): Promise<void> {
    await this.reconciliation.openBreak(tx, {
      organizationId: bulk.organizationId,
      rail: bulk.rail,
      class: 'invariant',
      source: 'completion',
      bulkId: bulk.id,
      currency: bulk.currency,
      expected: 'lines, tallies, hold and ledger of a bulk request say the same',
      found,
      dedupeKey: `completion:${bulk.id}:${found}`,
    });
  }

  private async recountIn(tx: Tx, bulk: LockedBulkRequest): Promise<string[]> {
    const findings: string[] = [];
    const adopted = await this.transfers.adoptOrphans(tx, bulk.id);
    if (adopted > 0) findings.push(`${adopted} open lines were in no chunk and are worked on again`);
    const recount = await this.transfers.recount(tx, bulk.id);
    const corrected = await this.transfers.correctTallies(tx, bulk.id, recount, bulk.transferCount);
    if (corrected) findings.push('the tallies did not match the lines and were corrected');
    if (bulk.origin !== 'reversal') findings.push(...(await this.recountHold(tx, bulk)));
    return findings;
  }

  private async recountHold(tx: Tx, bulk: LockedBulkRequest): Promise<string[]> {
    // As whoever records, the hold before the account; and what the lines say is read once no outcome can be booked beside it.
    const hold = await this.accounts.lockHold(tx, BULK_REQUEST_HOLD, bulk.id);
    const counts = finalCounts((await this.transfers.recount(tx, bulk.id)).lines);
    const booked = await this.ledgerQueries.sumOfBulkByKind(tx, bulk.id);
    const settledEntriesMinor = booked.find((sum) => sum.kind === 'settlement')?.sumMinor ?? 0n;
    const unheldMinor = await this.accounts.getUnheld(tx, bulk.debtorAccountId);
    const verdict = judgeHold({ counts, hold, settledEntriesMinor, unheldMinor });
    if (verdict.kind === 'right') return [];
    if (verdict.kind === 'disputed')
      return ['lines, hold and ledger disagree: nothing was moved, a person has to decide'];
    const { capturedMinor, releasedMinor, isStillReserved } = verdict;
    const reservedMinor = -(capturedMinor + releasedMinor);
    await this.ledger.post(
      tx,
      {
        organizationId: bulk.organizationId,
        entries: [],
        reservedChanges: isStillReserved ? [{ accountId: bulk.debtorAccountId, reservedMinor }] : [],
      },
      { purpose: BULK_REQUEST_HOLD, referenceId: bulk.id, capturedMinor, releasedMinor },
    );
    return [`the hold lagged behind by ${capturedMinor} captured and ${releasedMinor} released minor units`];
  }
}
