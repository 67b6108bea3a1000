import { containsIban } from '../../domain/iban.js';
import { newId } from '../../domain/ids.js';

export const REQUEST_ID_HEADER = 'x-request-id';

const ACCEPTABLE = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's own id, when it can stand in a log line, a header and Redis, and is nobody's IBAN; else a new one. */
export function requestIdOf(presented: string | string[] | undefined): string {
  return typeof presented === 'string' && ACCEPTABLE.test(presented) && !containsIban(presented) ? presented : newId();
}
