import { DomainError } from '../../domain/errors.js';

export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/** 1-255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;
/** draft-ietf-httpapi-idempotency-key-header makes the value a quoted string; most clients send it bare. */
const QUOTED = /^"(.*)"$/s;

/**
 * @param value as Node gives it: a header sent twice is joined with a comma and a space, and the space refuses it
 * @throws invalid_idempotency_key
 */
export function idempotencyKeyOf(value: string | string[] | undefined): string | null {
  if (value === undefined) return null;
  const key = typeof value === 'string' ? value.replace(QUOTED, '$1') : '';
  if (!KEY.test(key)) throw invalidIdempotencyKey();
  return key;
}

const invalidIdempotencyKey = (): DomainError =>
  new DomainError(
    'invalid',
    'invalid_idempotency_key',
    'Idempotency-Key must be given once and have 1 to 255 visible ASCII characters.',
  );
