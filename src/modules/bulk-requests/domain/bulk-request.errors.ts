import { DomainError, type FieldError, MAX_LISTED_ERRORS } from '../../../domain/errors.js';
import { likeness, type SuspectedDuplicate } from './duplicate.js';
import type { BulkRequestStatus } from './bulk-request.state.js';

export const insufficientFunds = (): DomainError =>
  new DomainError('rule', 'insufficient_funds', 'The debtor account does not have the total available.');

export const accountNotActive = (): DomainError =>
  new DomainError('rule', 'account_not_active', 'The debtor account is not active.');

export const debtorNotFound = (): DomainError =>
  new DomainError('rule', 'debtor_not_found', 'No account of the organization matches the debtor.');

export const organizationMismatch = (): DomainError =>
  new DomainError('rule', 'organization_mismatch', 'organization_name is not the name of the organization.');

export const limitExceeded = (): DomainError =>
  new DomainError('rule', 'limit_exceeded', 'The total is larger than the ledger can hold.');

export const duplicateBulkRequest = (existingId: string): DomainError =>
  new DomainError('conflict', 'duplicate_bulk_request', 'This bulk request was accepted before.', {
    members: { existing_id: existingId },
  });

export const invalidState = (status: BulkRequestStatus, message: string): DomainError =>
  new DomainError('conflict', 'invalid_state', message, { members: { current_status: status } });

export const differentCurrencies = (): DomainError =>
  new DomainError('rule', 'different_currencies', 'The two bulk requests are in different currencies.');

export const nothingToRetry = (): DomainError =>
  new DomainError('rule', 'nothing_to_retry', 'No line of the bulk request failed and may be paid again.');

/** Lines that look like payments made or under way, where those are not accepted. */
export function suspectedDuplicates(
  found: readonly SuspectedDuplicate[],
  pointerOf: (line: number) => string,
): DomainError {
  const errors: FieldError[] = found.slice(0, MAX_LISTED_ERRORS).map((one) => ({
    pointer: pointerOf(one.line),
    code: 'suspected_duplicate',
    detail: `Looks like ${likeness(one, pointerOf)}.`,
  }));
  const message = `${found.length} lines look like payments that were made or are under way.`;
  return new DomainError('rule', 'suspected_duplicate', message, { errors, errorCount: found.length });
}

export const railNotConfigured = (): DomainError =>
  new DomainError('rule', 'rail_not_configured', 'The rail is not set up on this installation.', {
    errors: [{ pointer: '/rail', code: 'rail_not_configured', detail: 'Is not set up on this installation.' }],
    errorCount: 1,
  });

export const railCannotReverse = (): DomainError =>
  new DomainError('rule', 'rail_cannot_reverse', 'The rail cannot take back what it has paid.', {
    errors: [{ pointer: '/on_failure', code: 'rail_cannot_reverse', detail: 'reverse needs a rail that can.' }],
    errorCount: 1,
  });

/** Never accepted and ignored: what the engine does not do yet is refused by name. */
export function notSupportedYet(fields: readonly string[]): DomainError {
  const errors: FieldError[] = fields.map((field) => ({
    pointer: `/${field}`,
    code: 'not_supported_yet',
    detail: 'This version does not do that yet.',
  }));
  const message = `Not supported yet: ${fields.join(', ')}.`;
  return new DomainError('rule', 'not_supported_yet', message, { errors, errorCount: errors.length });
}
