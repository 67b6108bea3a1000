import { type DomainError, fieldErrors } from '../../../domain/errors.js';

export const instantInTheFuture = (): DomainError =>
  fieldErrors('rule', [
    { pointer: '/query/at', code: 'in_the_future', detail: 'A balance is known for the past and the present only.' },
  ]);
