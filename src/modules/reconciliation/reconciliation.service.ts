import { Injectable } from '@nestjs/common';
import { invariantViolated, notFound } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { ofOrganizationOrPlatform, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../platform/idempotency/index.js';
import { AuditTrail } from '../audit/index.js';
import { RailsService } from '../rails/index.js';
import { OpenBreaks } from './application/open-breaks.js';
import { type ResolveBreakCommand, ResolveBreak } from './application/resolve-break.js';
import { RunReconciliation } from './application/run-reconciliation.js';
import { ScheduleRuns } from './application/schedule-runs.js';
import type { Break, NewBreak } from './domain/break.js';
import { breakResolved } from './domain/reconciliation.errors.js';
import { assertRunnable, type RequestRun, type Run } from './domain/run.js';
import { BreakRepository } from './persistence/break.repository.js';
import { RunRepository } from './persistence/run.repository.js';

/** What can be done about reconciliation; the longer use cases have files of their own in `application/`. */
@Injectable()
export class ReconciliationService {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
    private readonly rails: RailsService,
    private readonly runs: RunRepository,
    private readonly breaks: BreakRepository,
    private readonly openBreaks: OpenBreaks,
    private readonly schedule: ScheduleRuns,
    private readonly runUseCase: RunReconciliation,
    private readonly resolveUseCase: ResolveBreak,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Asks for a run, which a worker makes.
   *
   * @throws validation_failed, rail_not_configured
   */
  async requestRun(command: RequestRun, idempotencyKey: string | null, answer: (run: Run) => Reply): Promise<Reply> {
    const { organizationId, rail, from, to } = command;
    const railsWithStatements = this.rails.all().map(({ name }) => name);
    assertRunnable(command, railsWithStatements, new Date());
    const body = { rail, from: from.toISOString(), to: to.toISOString() };
    const request = { organizationId, operation: 'reconciliation.run', key: idempotencyKey, body };
    return this.idempotency.run(request, async (tx) => {
      const run = await this.runs.insertRequested(tx, newId(), command);
      await this.schedule.queue(tx, run.id, organizationId);
      this.audit.record(tx, {
        organizationId,
        action: 'reconciliation_run.requested',
        resource: { type: 'reconciliation_run', id: run.id },
        after: { ...body, status: run.status },
      });
      return answer(run);
    });
  }

  /** Makes a run. Does nothing when it has ended, or somebody else is at it. */
  execute(runId: string): Promise<void> {
    return this.runUseCase.execute(runId);
  }

  /**
   * Opens a break, unless its `dedupeKey` is known. Takes no lock but on what it inserts, so a transaction may hold accounts already.
   */
  openBreak(tx: Tx, found: NewBreak): Promise<void> {
    return this.openBreaks.open(tx, [found]);
  }

  /**
   * Says who looks after a break. May be said again.
   *
   * @throws not_found, invalid_state
   */
  async assign(organizationId: string | null, breakId: string, assignee: string): Promise<Break> {
    return this.unitOfWork.run(ofOrganizationOrPlatform(organizationId), async (tx) => {
      const locked = await this.breaks.lock(tx, organizationId, breakId);
      if (!locked) throw notFound('reconciliation break');
      if (locked.status === 'resolved') throw breakResolved(locked.status);
      const assigned = await this.breaks.assign(tx, breakId, ['open', 'assigned'], assignee);
      if (!assigned) throw invariantViolated('a locked break changed its state');
      // Not to whom: that is a person's name, mostly.
      this.audit.record(tx, {
        organizationId: locked.organizationId,
        action: 'reconciliation_break.assigned',
        resource: { type: 'reconciliation_break', id: breakId },
        before: { status: locked.status },
        after: { status: assigned.status },
      });
      return assigned;
    });
  }

  /** @throws not_found, invalid_state, suspense_not_empty, nothing_in_suspense, insufficient_funds, account_not_active */
  resolve(
    command: ResolveBreakCommand,
    by: string,
    idempotencyKey: string | null,
    answer: (resolved: Break) => Reply,
  ): Promise<Reply> {
    return this.resolveUseCase.resolve(command, by, idempotencyKey, answer);
  }
}
