import { DomainError } from '../../../domain/errors.js';
import type { StoredTransferStatus } from './transfer.state.js';

export const transferHasEnded = (status: StoredTransferStatus): DomainError =>
  invalidState(status, `A transfer that is ${status} cannot be cancelled.`);

/** The counterparty would keep what was to come back, and nobody would be told. */
export const reversalNotCancelled = (status: StoredTransferStatus): DomainError =>
  invalidState(status, 'A transfer that takes another one back cannot be cancelled.');

export const nothingToResolve = (status: StoredTransferStatus): DomainError =>
  invalidState(status, `Only a transfer in manual_review can be resolved; this one is ${status}.`);

/** What is approved is the whole bulk as it was submitted. */
export const transferAwaitsApproval = (status: StoredTransferStatus): DomainError =>
  invalidState(status, 'Its bulk request awaits approval as a whole: cancel that, or wait until it is approved.');

/** Whoever works on its chunk decides about it first. */
export const transferBusy = (): DomainError =>
  new DomainError('conflict', 'in_flight', 'The transfer is being worked on at this moment; ask again later.');

export const transferMayBePaid = (): DomainError =>
  new DomainError(
    'conflict',
    'in_flight',
    'The transfer may have reached its rail: only the rail, or an operator, can end it.',
  );

export const transferNotExecuted = (): DomainError =>
  new DomainError(
    'rule',
    'not_executed',
    'The transfer was to settle in our own books, and they know that it did not: it can only be resolved as failed.',
  );

function invalidState(status: StoredTransferStatus, message: string): DomainError {
  return new DomainError('conflict', 'invalid_state', message, { members: { current_status: status } });
}
