import { DomainError } from '../../domain/errors.js';

export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/** 1-255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;
/** draft-ietf-httpapi-idempotency-key-header makes the value a quoted string; most clients send it bare. */
const QUOTED = /^"(.*)"$/s;

/**
 * @param values every value of the header, as sent
 * @throws invalid_idempotency_key
 */
export function idempotencyKeyOf(values: readonly string[] | undefined): string | null {
  if (values === undefined || values.length === 0) return null;
  const [value, ...others] = values;
  const key = value?.replace(QUOTED, '$1');
  if (others.length > 0 || key === undefined || !KEY.test(key)) throw invalidIdempotencyKey();
  return key;
}

const invalidIdempotencyKey = (): DomainError =>
  new DomainError(
    'invalid',
    'invalid_idempotency_key',
    'Idempotency-Key must be given once and have 1 to 255 visible ASCII characters.',
  );
