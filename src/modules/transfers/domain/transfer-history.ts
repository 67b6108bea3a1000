import type { TransferStatus } from './transfer.state.js';

/** A stored transition of a transfer, oldest first. */
export interface Transition {
  readonly source: string;
  readonly attempt: number;
  readonly fromStatus: string;
  readonly toStatus: string;
  readonly code: string | null;
  readonly detail: string | null;
  /** When the submission behind it began; null when no submission did. */
  readonly startedAt: Date | null;
  readonly createdAt: Date;
}

export interface TransferFacts {
  readonly status: TransferStatus;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  /** When the chunk that owns the line was last leased. */
  readonly chunkLeasedAt: Date | null;
}

export interface Attempt {
  readonly number: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** The state the line was in afterwards; null while the attempt runs. */
  readonly outcome: string | null;
  readonly code: string | null;
  readonly detail: string | null;
}

export interface HistoryItem {
  readonly at: Date;
  readonly status: string;
  readonly source: string;
  readonly code: string | null;
  readonly detail: string | null;
}

/**
 * A line settled by its own submission leaves no transition (ten thousand of them would say the same thing): its own row and its
 * chunk tell the rest.
 */
export function attemptsOf(facts: TransferFacts, transitions: readonly Transition[]): Attempt[] {
  const told = transitions
    .filter(
      (item) => item.source === 'submission' || (item.source === 'lost_lease' && item.fromStatus === 'submitting'),
    )
    .map((item) => ({
      number: item.attempt,
      startedAt: item.startedAt,
      endedAt: item.createdAt,
      outcome: item.toStatus,
      code: item.code,
      detail: item.detail,
    }));
  const plain = { code: null, detail: null, startedAt: facts.chunkLeasedAt };
  if (settledPlainly(facts, told.length)) {
    return [...told, { ...plain, number: facts.attempts, endedAt: facts.settledAt, outcome: 'settled' }];
  }
  if (facts.status === 'submitting') {
    return [...told, { ...plain, number: facts.attempts + 1, endedAt: null, outcome: null }];
  }
  return told;
}

export function historyOf(facts: TransferFacts, transitions: readonly Transition[]): HistoryItem[] {
  const plain = { source: 'submission', code: null, detail: null };
  const told = transitions.map((item) => ({
    at: item.createdAt,
    status: item.toStatus,
    source: item.source,
    code: item.code,
    detail: item.detail,
  }));
  const items: HistoryItem[] = [
    { at: facts.createdAt, status: 'pending', source: 'acceptance', code: null, detail: null },
    ...told,
  ];
  if (settledPlainly(facts, attemptsTold(transitions)) && facts.settledAt) {
    items.push({ ...plain, at: facts.settledAt, status: 'settled' });
  }
  if (facts.status === 'submitting')
    items.push({ ...plain, at: facts.chunkLeasedAt ?? facts.createdAt, status: 'submitting' });
  return items.sort((a, b) => a.at.getTime() - b.at.getTime());
}

const attemptsTold = (transitions: readonly Transition[]): number =>
  transitions.filter(
    (item) => item.source === 'submission' || (item.source === 'lost_lease' && item.fromStatus === 'submitting'),
  ).length;

const settledPlainly = (facts: TransferFacts, told: number): boolean =>
  (facts.status === 'settled' || facts.status === 'returned') && facts.attempts > told;
