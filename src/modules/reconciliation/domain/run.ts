import type { FieldError } from '../../../domain/errors.js';
import type { InvariantReport } from './invariant-check.js';
import { badPeriod, railNotConfigured } from './reconciliation.errors.js';
import type { RunStatus } from './run.state.js';

export type RunTrigger = 'scheduled' | 'requested';

/** One comparison of a rail's statement with our books. */
export interface Run {
  readonly id: string;
  /** Null: of the whole platform, references that are nobody's included. */
  readonly organizationId: string | null;
  readonly rail: string;
  readonly trigger: RunTrigger;
  /** The statement's period: from this instant to just before that one. */
  readonly from: Date;
  readonly to: Date;
  readonly status: RunStatus;
  /** Lines of the statement in the run's scope, and how many of them it imported first. */
  readonly statementLines: number;
  readonly newLines: number;
  /** Lines that agree with our books. */
  readonly matched: number;
  /** Lines that it gave to the engine as evidence. */
  readonly evidence: number;
  readonly breaksOpened: number;
  /** Null until the checks were made. */
  readonly invariants: InvariantReport | null;
  readonly failure: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

export interface RequestRun {
  readonly organizationId: string | null;
  readonly rail: string;
  readonly from: Date;
  readonly to: Date;
}

/** @throws rail_not_configured; validation_failed for a period that is empty or not over yet */
export function assertRunnable(
  { rail, from, to }: RequestRun,
  railsWithStatements: readonly string[],
  now: Date,
): void {
  if (!railsWithStatements.includes(rail)) throw railNotConfigured();
  const errors: FieldError[] = [];
  if (from >= to) errors.push({ pointer: '/to', code: 'empty_period', detail: 'The period ends before it begins.' });
  if (to > now)
    errors.push({ pointer: '/to', code: 'in_the_future', detail: 'A statement is known for the past only.' });
  if (errors.length > 0) throw badPeriod(errors);
}

const RETRY_BASE_MS = 15_000;
/** Then the run is failed, and the next one covers its period. */
export const MAX_ATTEMPTS = 5;

/** @param attempts how often it was taken up, this time included */
export const isExhausted = (attempts: number): boolean => attempts > MAX_ATTEMPTS;

/** When a run whose rail did not answer is tried again; null: no more. */
export const retryDelayMs = (attempts: number): number | null =>
  attempts >= MAX_ATTEMPTS ? null : RETRY_BASE_MS * 2 ** (attempts - 1);
