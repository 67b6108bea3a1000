import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { newId } from '../../../domain/ids.js';
import { Database, PLATFORM, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { Outbox } from '../../../platform/outbox/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { type Rail, RailsService } from '../../rails/index.js';
import { RunRepository } from '../persistence/run.repository.js';
import { reconcileRailJob } from '../reconciliation.jobs.js';

const BATCH = 50;
const MAX_INTERVAL_MS = 10_000;
/** Besides the rail's horizon, a run repeats this much of the one before: for commits that were under way when it looked. */
const OVERLAP_SLACK_MS = 300_000;
const PAUSE_AFTER_FAILURE_MS = 3_600_000;
/** What a platform-wide run has instead of an organization in the outbox. */
const NO_ORGANIZATION = '00000000-0000-0000-0000-000000000000';

/** Makes the runs that are due, and finds those that nobody works on. Any number of workers make one run per rail and period. */
@Injectable()
export class ScheduleRuns implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly runs: RunRepository,
    private readonly rails: RailsService,
    private readonly outbox: Outbox,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const intervalMs = Math.min(this.config.SWEEP_INTERVAL_MS, MAX_INTERVAL_MS);
    this.loops.add({ name: 'reconciliation-schedule', intervalMs, wakesOn: null, run: () => this.schedule() });
  }

  /** Queues a run, in the transaction that made it. While its job waits, asking again changes nothing. */
  async queue(tx: Tx, runId: string, organizationId: string | null): Promise<void> {
    await this.outbox.add(tx, reconcileRailJob, {
      organizationId: organizationId ?? NO_ORGANIZATION,
      ids: { runId },
      dedupeKey: `reconcile:${runId}`,
    });
  }

  private async schedule(): Promise<boolean> {
    if (this.config.RECONCILIATION_INTERVAL_MS > 0) {
      for (const rail of this.rails.all()) await this.scheduleNext(rail);
    }
    const abandoned = await this.runs.listAbandoned(this.database.as(PLATFORM), BATCH);
    for (const { id, organizationId } of abandoned) {
      await this.unitOfWork.run(PLATFORM, (tx) => this.queue(tx, id, organizationId));
    }
    return false;
  }

  private async scheduleNext({ name, traits }: Rail): Promise<void> {
    const intervalMs = this.config.RECONCILIATION_INTERVAL_MS;
    const next = {
      id: newId(),
      rail: name,
      intervalMs,
      overlapMs: traits.visibilityHorizonMs + OVERLAP_SLACK_MS,
      pauseMs: Math.min(intervalMs, PAUSE_AFTER_FAILURE_MS),
    };
    await this.unitOfWork.run(PLATFORM, async (tx) => {
      if (!(await this.runs.tryLockSchedule(tx, name))) return;
      if (await this.runs.insertScheduled(tx, next)) await this.queue(tx, next.id, null);
    });
  }
}
