import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsISO8601 } from 'class-validator';
import { BOOK, RAIL_NAMES } from '../../rails/index.js';
import { INVARIANT_CHECKS, type InvariantCheck } from '../domain/invariant-check.js';
import type { Run, RunTrigger } from '../domain/run.js';
import { type RunStatus, runStates } from '../domain/run.state.js';

const PATH = '/api/v1/reconciliation/runs';
const TRIGGERS: RunTrigger[] = ['scheduled', 'requested'];
/** `book` is our own ledger: nobody else could state what happened there. */
export const RAILS_WITH_STATEMENTS = RAIL_NAMES.filter((rail) => rail !== BOOK);

export class RequestRunDto {
  /**
   * Whose statement is fetched. `book` has none: it is our own ledger.
   * @example sandbox
   */
  @ApiProperty({ enum: RAILS_WITH_STATEMENTS })
  @IsIn(RAILS_WITH_STATEMENTS)
  rail: string;

  /**
   * From this instant.
   * @example "2026-11-20T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  @IsISO8601()
  from: string;

  /**
   * To just before this one. Not in the future.
   * @example "2026-11-21T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  @IsISO8601()
  to: string;
}

export const REQUEST_RUN_EXAMPLES = {
  day: {
    summary: 'One day',
    value: { rail: 'sandbox', from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' },
  },
};

export class InvariantResultDto {
  /** @example settlement_booked_once */
  @ApiProperty({ enum: Object.keys(INVARIANT_CHECKS) })
  check: InvariantCheck;

  /**
   * How many offenders were found. Each opens a break of the class `invariant`.
   * @example 0
   */
  violations: number;
}

export class InvariantReportDto {
  /**
   * Our own books add up.
   * @example true
   */
  kept: boolean;

  @ApiProperty({ type: [InvariantResultDto] })
  checks: InvariantResultDto[];
}

export class ReconciliationRunDto {
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Whose transfers it looks at; null: everybody's, and references that are nobody's.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  organization_id: string | null;

  /** @example sandbox */
  rail: string;

  /**
   * `scheduled` by RECONCILIATION_INTERVAL_MS, or `requested`.
   * @example requested
   */
  @ApiProperty({ enum: TRIGGERS })
  trigger: RunTrigger;

  /** @example "2026-11-20T00:00:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  from: string;

  /** @example "2026-11-21T00:00:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  to: string;

  /**
   * What follows is known once it is `completed`.
   * @example completed
   */
  @ApiProperty({ enum: runStates.states })
  status: RunStatus;

  /**
   * Lines of the statement in its scope.
   * @example 10000
   */
  statement_lines: number;

  /**
   * Of these, lines that no run had imported before.
   * @example 9950
   */
  new_lines: number;

  /**
   * Lines that agree with our books.
   * @example 9997
   */
  matched: number;

  /**
   * Lines that were given to the engine as evidence: they end doubt, or contradict a final state.
   * @example 2
   */
  evidence: number;

  /**
   * Breaks it opened. What was open or resolved before is not opened again.
   * @example 1
   */
  breaks_opened: number;

  /** Null until the checks were made. */
  @ApiProperty({ type: InvariantReportDto, nullable: true })
  invariants: InvariantReportDto | null;

  /**
   * Why it failed.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  failure: string | null;

  /** @example "2026-11-21T01:00:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  started_at: string;

  /** @example "2026-11-21T01:00:02.000Z" */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  ended_at: string | null;
}

export const runPath = (id: string): string => `${PATH}/${id}`;

export function reconciliationRunDto(run: Run): ReconciliationRunDto {
  const { invariants } = run;
  return {
    id: run.id,
    organization_id: run.organizationId,
    rail: run.rail,
    trigger: run.trigger,
    from: run.from.toISOString(),
    to: run.to.toISOString(),
    status: run.status,
    statement_lines: run.statementLines,
    new_lines: run.newLines,
    matched: run.matched,
    evidence: run.evidence,
    breaks_opened: run.breaksOpened,
    invariants: invariants && {
      kept: invariants.kept,
      checks: invariants.checks.map(({ check, violations }) => ({ check, violations })),
    },
    failure: run.failure,
    started_at: run.startedAt.toISOString(),
    ended_at: run.endedAt?.toISOString() ?? null,
  };
}
