import { DomainError, fieldErrors, type FieldError } from '../../../domain/errors.js';
import type { BreakStatus } from './break.state.js';

export const breakResolved = (status: BreakStatus): DomainError =>
  new DomainError('conflict', 'invalid_state', 'The break is resolved.', { members: { current_status: status } });

export const suspenseNotEmpty = (): DomainError =>
  new DomainError(
    'rule',
    'suspense_not_empty',
    'Money of this break lies on suspense: say where it goes with another resolution.',
  );

export const nothingInSuspense = (): DomainError =>
  new DomainError('rule', 'nothing_in_suspense', 'No money of this break lies on suspense that could be moved.');

export const debtorLacksFunds = (): DomainError =>
  new DomainError('rule', 'insufficient_funds', 'The debtor account has less available than the break would charge.');

export const railNotConfigured = (): DomainError =>
  new DomainError('rule', 'rail_not_configured', 'The rail is not set up on this installation.', {
    errors: [{ pointer: '/rail', code: 'rail_not_configured', detail: 'Is not set up on this installation.' }],
    errorCount: 1,
  });

export const badPeriod = (errors: readonly FieldError[]): DomainError => fieldErrors('rule', errors);
