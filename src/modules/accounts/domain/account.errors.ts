import { DomainError, fieldErrors } from '../../../domain/errors.js';
import type { AccountStatus } from './account.js';

export const unknownCurrency = (): DomainError =>
  fieldErrors('rule', [
    { pointer: '/currency', code: 'unknown_currency', detail: 'Accounts are not held in this currency.' },
  ]);

export const ibanTaken = (): DomainError => new DomainError('conflict', 'iban_taken', 'Another account has this IBAN.');

export const ibanMissing = (): DomainError =>
  new DomainError('rule', 'iban_missing', 'The account has no IBAN that could be verified.');

export const accountNotActive = (status: AccountStatus): DomainError =>
  new DomainError('rule', 'account_not_active', `The account is ${status}.`);

export const accountStateRefused = (from: AccountStatus, to: AccountStatus): DomainError =>
  new DomainError('conflict', 'invalid_state', `An account that is ${from} cannot become ${to}.`, {
    members: { current_status: from },
  });

export const accountInUse = (status: AccountStatus): DomainError =>
  new DomainError(
    'conflict',
    'invalid_state',
    'Only an account without money and without reservations can be closed.',
    {
      members: { current_status: status },
    },
  );

export const closedForGood = (): DomainError =>
  new DomainError('conflict', 'invalid_state', 'The account is closed.', { members: { current_status: 'closed' } });
