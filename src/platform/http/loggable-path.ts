import { isUuid } from '../../domain/ids.js';

const WORD = /^(?:[A-Za-z][A-Za-z_.-]{0,39}|v[0-9])$/;
const MAX_LENGTH = 200;

/** A path with its words and UUIDs. Anything else in it may be an IBAN or a key that somebody put in the wrong place. */
export function loggablePath(path: string): string {
  const segments = path
    .split('/')
    .map((segment) => (segment === '' || WORD.test(segment) || isUuid(segment) ? segment : '…'));
  return segments.join('/').slice(0, MAX_LENGTH);
}
