import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import { Database, PLATFORM, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { InvariantReport } from '../domain/invariant-check.js';
import type { RequestRun, Run } from '../domain/run.js';

const RUN = `id, organization_id AS "organizationId", rail, trigger, period_from AS "from", period_to AS "to", status,
  statement_lines AS "statementLines", new_lines AS "newLines", matched, evidence, breaks_opened AS "breaksOpened",
  invariants, failure, started_at AS "startedAt", ended_at AS "endedAt"`;

/** A run that this process works on, for as long as its lease lasts. */
export interface LeasedRun extends Run {
  readonly leaseToken: string;
  /** How often it was taken up, this time included. */
  readonly attempts: number;
}

export interface RunCounts {
  readonly statementLines: number;
  readonly newLines: number;
  readonly matched: number;
  readonly evidence: number;
  readonly breaksOpened: number;
}

export interface ScheduledRun {
  readonly id: string;
  readonly rail: string;
  readonly intervalMs: number;
  /** What a run repeats of the period before it. */
  readonly overlapMs: number;
  /** After a run that failed. */
  readonly pauseMs: number;
}

@Injectable()
export class RunRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(PLATFORM);
  }

  async insertRequested(tx: Tx, id: string, { organizationId, rail, from, to }: RequestRun): Promise<Run> {
    const [run] = await tx.query<Run>(
      `INSERT INTO reconciliation_runs (id, organization_id, rail, trigger, period_from, period_to)
       VALUES ($1, $2, $3, 'requested', $4, $5) RETURNING ${RUN}`,
      [id, organizationId, rail, from, to],
    );
    if (!run) throw invariantViolated('a reconciliation run was not inserted');
    return run;
  }

  /** One scheduler of a rail at a time: the statements after this one see what the one before committed. */
  async tryLockSchedule(tx: Tx, rail: string): Promise<boolean> {
    const [row] = await tx.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtextextended('reconciliation-schedule:' || $1, 0)) AS locked`,
      [rail],
    );
    return row?.locked === true;
  }

  /**
   * Makes the next run of a rail when it is due; false when it is not. It begins where the last one that completed ended, less the
   * overlap; the first begins an interval before the first money that we booked on the rail, or before now.
   */
  async insertScheduled(tx: Tx, { id, rail, intervalMs, overlapMs, pauseMs }: ScheduledRun): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO reconciliation_runs (id, rail, trigger, period_from, period_to)
       SELECT $1, $2, 'scheduled',
              coalesce(last.period_to,
                       least(now(), (SELECT min(created_at) FROM accounts WHERE kind = 'clearing' AND rail = $2))
                         - $3 * interval '1 ms')
                - $4 * interval '1 ms', now()
         FROM (SELECT max(period_to) AS period_to FROM reconciliation_runs
                WHERE trigger = 'scheduled' AND rail = $2 AND status = 'completed') AS last
        WHERE (last.period_to IS NULL OR last.period_to <= now() - $3 * interval '1 ms')
          AND NOT EXISTS (SELECT FROM reconciliation_runs
                           WHERE trigger = 'scheduled' AND rail = $2
                             AND (status = 'running' OR started_at > now() - $5 * interval '1 ms'))`,
      [id, rail, intervalMs, overlapMs, pauseMs],
    );
    return inserted === 1;
  }

  /** Runs that nobody works on: their worker died, or their rail did not answer and it is time to ask again. */
  async listAbandoned(
    on: Queryable,
    limit: number,
  ): Promise<{ readonly id: string; readonly organizationId: string | null }[]> {
    return on.query(
      `SELECT id, organization_id AS "organizationId" FROM reconciliation_runs
        WHERE status = 'running' AND lease_expires_at <= now() ORDER BY lease_expires_at LIMIT $1`,
      [limit],
    );
  }

  /** Null when it has ended, or somebody else works on it. */
  async take(id: string, leaseToken: string, leaseMs: number): Promise<LeasedRun | null> {
    const [run] = await this.all.query<LeasedRun>(
      `UPDATE reconciliation_runs
          SET lease_token = $2, lease_expires_at = now() + $3 * interval '1 ms', attempts = attempts + 1
        WHERE id = $1 AND status = 'running' AND lease_expires_at <= now()
        RETURNING ${RUN}, lease_token AS "leaseToken", attempts`,
      [id, leaseToken, leaseMs],
    );
    return run ?? null;
  }

  /** False when the lease was lost. */
  async renew({ id, leaseToken }: LeasedRun, leaseMs: number): Promise<boolean> {
    const renewed = await this.all.execute(
      `UPDATE reconciliation_runs SET lease_expires_at = now() + $3 * interval '1 ms'
        WHERE id = $1 AND lease_token = $2 AND status = 'running'`,
      [id, leaseToken, leaseMs],
    );
    return renewed === 1;
  }

  /** Gives it back, to be taken up again after `delayMs`. */
  async giveBack({ id, leaseToken }: LeasedRun, delayMs: number): Promise<void> {
    await this.all.execute(
      `UPDATE reconciliation_runs SET lease_token = NULL, lease_expires_at = now() + $3 * interval '1 ms'
        WHERE id = $1 AND lease_token = $2 AND status = 'running'`,
      [id, leaseToken, delayMs],
    );
  }

  /** False when the lease was lost. */
  async complete({ id, leaseToken }: LeasedRun, counts: RunCounts, invariants: InvariantReport): Promise<boolean> {
    const updated = await this.all.execute(
      `UPDATE reconciliation_runs
          SET status = 'completed', ended_at = now(), statement_lines = $3, new_lines = $4, matched = $5, evidence = $6,
              breaks_opened = $7, invariants = $8
        WHERE id = $1 AND lease_token = $2 AND status = 'running'`,
      [
        id,
        leaseToken,
        counts.statementLines,
        counts.newLines,
        counts.matched,
        counts.evidence,
        counts.breaksOpened,
        invariants,
      ],
    );
    return updated === 1;
  }

  /** False when the lease was lost. */
  async fail({ id, leaseToken }: LeasedRun, failure: string): Promise<boolean> {
    const updated = await this.all.execute(
      `UPDATE reconciliation_runs SET status = 'failed', ended_at = now(), failure = $3
        WHERE id = $1 AND lease_token = $2 AND status = 'running'`,
      [id, leaseToken, failure],
    );
    return updated === 1;
  }

  /** @param organizationId null: of whatever organization, or of the platform */
  async find(on: Queryable, organizationId: string | null, id: string): Promise<Run | null> {
    const [run] = await on.query<Run>(
      `SELECT ${RUN} FROM reconciliation_runs WHERE id = $1 AND ($2::uuid IS NULL OR organization_id = $2)`,
      [id, organizationId],
    );
    return run ?? null;
  }

  /** Newest first, from before `beforeId` on. */
  async list(on: Queryable, organizationId: string | null, limit: number, beforeId: string | null): Promise<Run[]> {
    return on.query<Run>(
      `SELECT ${RUN} FROM reconciliation_runs
        WHERE ($1::uuid IS NULL OR organization_id = $1) AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $2`,
      [organizationId, limit, beforeId],
    );
  }

  /** For metrics: how long ago the last run of the whole platform completed, in seconds, by rail. */
  async lastRunAges(): Promise<{ readonly rail: string; readonly seconds: number }[]> {
    return this.all.query(
      `SELECT rail, extract(epoch FROM now() - max(ended_at))::float8 AS seconds FROM reconciliation_runs
        WHERE organization_id IS NULL AND status = 'completed' GROUP BY rail`,
    );
  }
}
