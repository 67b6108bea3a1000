import { DomainError, type FieldError } from '../../../domain/errors.js';

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
