import { DomainError, fieldErrors } from '../../../domain/errors.js';
import type { ApiKeyStatus } from './api-key.js';

export const slugTaken = (): DomainError =>
  new DomainError('conflict', 'slug_taken', 'Another organization has this slug.');

/** A key that no longer opens anything is not given a successor. */
export const apiKeyNotActive = (status: ApiKeyStatus): DomainError =>
  new DomainError('conflict', 'invalid_state', `The key is ${status}; create a new one.`, {
    members: { current_status: status },
  });

/** A line of rotations does not fork: the newest key is the one to rotate. */
export const apiKeyRotatedBefore = (successorId: string): DomainError =>
  new DomainError('conflict', 'invalid_state', 'The key was rotated before; rotate its successor.', {
    members: { current_status: 'active', rotated_to: successorId },
  });

export const expiryInThePast = (): DomainError =>
  fieldErrors('rule', [
    { pointer: '/expires_at', code: 'in_the_past', detail: 'A key has to be valid for some time.' },
  ]);
