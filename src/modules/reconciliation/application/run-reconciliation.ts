import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { Database, PLATFORM } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { RailsService } from '../../rails/index.js';
import { isExhausted, retryDelayMs } from '../domain/run.js';
import { BookedRepository, type SettledPeriod } from '../persistence/booked.repository.js';
import { BreakRepository } from '../persistence/break.repository.js';
import { type LeasedRun, type RunCounts, RunRepository } from '../persistence/run.repository.js';
import { StatementRepository } from '../persistence/statement.repository.js';
import { ReconciliationMetrics } from '../reconciliation.metrics.js';
import { CheckInvariants } from './check-invariants.js';
import { CompareStatement } from './compare-statement.js';
import { ImportStatement, StatementUnavailable } from './import-statement.js';
import { LEASE_MS, RunLeaseLost, underLease } from './run-lease.js';

/** How far a rail's clock may be behind the one that stamps our transfers. */
const CLOCK_SLACK_MS = 3_600_000;
const MAX_FAILURE_LENGTH = 300;
const logger = createLogger('reconciliation');

/**
 * One run: import, compare in both directions, check the books, end. A worker that dies leaves it `running`; whoever takes it up begins
 * again, and what was done is not done twice.
 */
@Injectable()
export class RunReconciliation {
  constructor(
    private readonly database: Database,
    private readonly rails: RailsService,
    private readonly runs: RunRepository,
    private readonly statement: StatementRepository,
    private readonly booked: BookedRepository,
    private readonly breaks: BreakRepository,
    private readonly importer: ImportStatement,
    private readonly comparer: CompareStatement,
    private readonly invariants: CheckInvariants,
    private readonly metrics: ReconciliationMetrics,
  ) {}

  /** Does nothing when the run has ended, or somebody else works on it. */
  async execute(runId: string): Promise<void> {
    const run = await this.runs.take(runId, newId(), LEASE_MS);
    if (!run) return;
    // Whoever took it up the last time did not live to say that it failed. What kills its worker every time must not do so for ever.
    if (isExhausted(run.attempts)) return this.fail(run, new RunAbandoned());
    try {
      await underLease(this.runs, run, () => this.work(run));
    } catch (error) {
      if (error instanceof RunLeaseLost) logger.warn({ event: 'reconciliation_lease_lost', run_id: run.id });
      else await this.retryOrFail(run, error);
    }
  }

  private async work(run: LeasedRun): Promise<void> {
    const { visibilityHorizonMs } = this.rails.get(run.rail).traits;
    const { rail, organizationId, from, to } = run;
    const period = { rail, organizationId, from, to, horizonMs: visibilityHorizonMs };
    await this.importer.import(run, from, to);
    await this.importEarlier(run, period);
    await this.comparer.compareBookings(run);
    await this.comparer.compareSettlements(run, period);
    await this.comparer.noteLateBookings(run);
    await this.comparer.findStranded(run);
    const invariants = await this.invariants.check(run);
    const breaksOpened = await this.breaks.countOfRun(this.database.as(PLATFORM), run.id);
    const counts: RunCounts = { ...(await this.statement.count(run)), breaksOpened };
    if (!(await this.runs.complete(run, counts, invariants)))
      throw new RunLeaseLost(`The run ${run.id} was ended by somebody else`);
    this.metrics.runEnded(rail, 'completed');
    logger.info({
      event: 'reconciliation_run_completed',
      run_id: run.id,
      rail,
      statement_lines: counts.statementLines,
      new_lines: counts.newLines,
      matched: counts.matched,
      evidence: counts.evidence,
      breaks_opened: counts.breaksOpened,
      invariants_kept: invariants.kept,
    });
  }

  /**
   * A payment that we learned of late was booked by the rail before the period, on a statement that nobody may have asked for. No rail
   * can have booked a transfer before it was made.
   */
  private async importEarlier(run: LeasedRun, period: SettledPeriod): Promise<void> {
    const madeAt = await this.booked.earliestUnbooked(period);
    if (madeAt === null) return;
    const from = new Date(madeAt.getTime() - CLOCK_SLACK_MS);
    if (from < run.from) await this.importer.import(run, from, run.from);
  }

  /** A rail that does not answer is asked again later, a few times; then the next run has to cover the period. */
  private async retryOrFail(run: LeasedRun, error: unknown): Promise<void> {
    const { id, rail, attempts } = run;
    const delayMs = retryDelayMs(attempts);
    if (delayMs !== null) {
      logger.warn({ event: 'reconciliation_run_postponed', run_id: id, rail, attempts, delay_ms: delayMs, err: error });
      await this.runs.giveBack(run, delayMs);
      return;
    }
    await this.fail(run, error);
  }

  private async fail(run: LeasedRun, error: unknown): Promise<void> {
    const { id, rail, attempts } = run;
    logger.error({ event: 'reconciliation_run_failed', run_id: id, rail, attempts, err: error });
    if (await this.runs.fail(run, failureText(error))) this.metrics.runEnded(rail, 'failed');
  }
}

class RunAbandoned extends Error {
  override readonly name = 'RunAbandoned';

  constructor() {
    super('The workers that took it up stopped before it ended');
  }
}

/** For the operator who asked. What is not the rail's is ours, and stays in the log. */
function failureText(error: unknown): string {
  if (error instanceof RunAbandoned) return `${error.message}.`;
  if (!(error instanceof StatementUnavailable)) return 'Internal error: see the log';
  return `The rail did not give its statement: ${error.message}`.slice(0, MAX_FAILURE_LENGTH);
}
