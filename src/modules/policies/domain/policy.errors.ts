import { DomainError, type FieldError, fieldErrors } from '../../../domain/errors.js';

/** Somebody else has set it since it was read: nobody's rules are overwritten unseen. */
export const versionConflict = (currentVersion: number): DomainError =>
  new DomainError('conflict', 'version_conflict', 'It has been changed since it was read: read it again.', {
    members: { current_version: currentVersion },
  });

export const limitExceeded = (errors: readonly FieldError[]): DomainError =>
  new DomainError('rule', 'limit_exceeded', 'It is more than what may be paid.', {
    errors,
    errorCount: errors.length,
  });

export const ruleViolations = (errors: readonly FieldError[]): DomainError => fieldErrors('rule', errors);
