import { DomainError } from '../../../domain/errors.js';

export const makerCannotApprove = (): DomainError =>
  new DomainError('forbidden', 'maker_cannot_approve', 'Who submitted a bulk request cannot approve it.');

export const payloadHashMismatch = (): DomainError =>
  new DomainError('rule', 'payload_hash_mismatch', 'That is not the hash of the payload that awaits approval.', {
    errors: [{ pointer: '/payload_hash', code: 'payload_hash_mismatch', detail: 'Is not that of this bulk request.' }],
    errorCount: 1,
  });

/** The rows are no longer what was submitted: somebody has been at the database. */
export const payloadChanged = (): DomainError =>
  new DomainError('conflict', 'payload_changed', 'The bulk request is not what was submitted: nothing is released.');
