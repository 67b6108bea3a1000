import { Injectable } from '@nestjs/common';
import { Database, PLATFORM, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { type LedgerInvariants, LedgerQueries } from '../../ledger/index.js';
import {
  breakOfViolation,
  type InvariantCheck,
  type InvariantReport,
  reportOf,
  type Violation,
} from '../domain/invariant-check.js';
import { BOOK_CHECKS, InvariantRepository, type Offenders } from '../persistence/invariant.repository.js';
import { type LeasedRun, RunRepository } from '../persistence/run.repository.js';
import { OpenBreaks } from './open-breaks.js';
import { keepLease } from './run-lease.js';

/** Breaks that one check opens in one run. When there are more offenders, the next run goes on with the others. */
const BREAKS_A_CHECK = 500;
const logger = createLogger('reconciliation');

type LedgerCheck = Extract<
  InvariantCheck,
  'currency_sums_to_zero' | 'posted_is_sum_of_entries' | 'reserved_is_sum_of_holds'
>;

/** Holds our own books against each other: accounts, entries, holds, transfers and bulk requests. */
@Injectable()
export class CheckInvariants {
  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly ledger: LedgerQueries,
    private readonly repository: InvariantRepository,
    private readonly runs: RunRepository,
    private readonly breaks: OpenBreaks,
  ) {}

  /** @throws RunLeaseLost */
  async check(run: LeasedRun): Promise<InvariantReport> {
    const counts: Partial<Record<InvariantCheck, number>> = {};
    const ledger = violationsOf(
      await this.ledger.invariants(this.database.as(PLATFORM), run.organizationId),
      run.organizationId,
    );
    for (const [check, violations] of Object.entries(ledger) as [LedgerCheck, Violation[]][]) {
      counts[check] = await this.tell(run, check, { total: violations.length, violations });
    }
    for (const check of BOOK_CHECKS) {
      await keepLease(this.runs, run);
      const offenders = await this.repository.find(check, run.organizationId, BREAKS_A_CHECK);
      counts[check] = await this.tell(run, check, offenders);
    }
    return reportOf(counts);
  }

  private async tell(run: LeasedRun, check: InvariantCheck, { total, violations }: Offenders): Promise<number> {
    if (total === 0) return 0;
    const subjects = violations.slice(0, 10).map((violation) => violation.subject);
    logger.error({ event: 'invariant_violated', run_id: run.id, check, violations: total, subjects });
    const context = { rail: run.rail, runId: run.id };
    await this.unitOfWork.run(PLATFORM, (tx) =>
      this.breaks.open(
        tx,
        violations.map((violation) => breakOfViolation(check, violation, context)),
      ),
    );
    return total;
  }
}

function violationsOf(
  { sums, posted, reserved }: LedgerInvariants,
  organizationId: string | null,
): Record<LedgerCheck, Violation[]> {
  const nothing = { bulkId: null, transferId: null };
  return {
    currency_sums_to_zero: sums
      .filter((sum) => sum.postedMinor !== 0n)
      .map(({ currency, postedMinor }) => ({
        ...nothing,
        subject: `${organizationId ?? 'platform'} ${currency} ${postedMinor}`,
        organizationId,
        currency,
        amountMinor: postedMinor,
        expected: 'Together 0',
        found: `Together ${postedMinor}`,
      })),
    // The subject carries the difference: one that grows is another finding.
    posted_is_sum_of_entries: posted.map((account) => ({
      ...nothing,
      subject: `${account.accountId} ${account.postedMinor - account.entriesMinor}`,
      organizationId: account.organizationId,
      currency: account.currency,
      amountMinor: account.postedMinor - account.entriesMinor,
      expected: `Account ${account.accountId}: entries ${account.entriesMinor}`,
      found: `posted ${account.postedMinor}`,
    })),
    reserved_is_sum_of_holds: reserved.map((account) => ({
      ...nothing,
      subject: `${account.accountId} ${account.reservedMinor - account.heldMinor}`,
      organizationId: account.organizationId,
      currency: account.currency,
      amountMinor: account.reservedMinor - account.heldMinor,
      expected: `Account ${account.accountId}: held ${account.heldMinor}`,
      found: `reserved ${account.reservedMinor}`,
    })),
  };
}
