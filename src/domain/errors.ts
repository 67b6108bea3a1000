/**
 * What went wrong, in the kernel's own words. One table maps a kind to an HTTP status (platform/http), one to how a
 * job is handled (platform/queue); nothing in between knows about either.
 */
export type ErrorKind =
  | 'invalid' // not an instance of the contract
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict' // against the current state of something
  | 'too_large'
  | 'too_slow' // its body does not arrive
  | 'unsupported_media_type'
  | 'rule' // well-formed, but against a rule
  | 'rate_limited'
  | 'unavailable' // try again later
  | 'invariant'; // a bug of ours: money or state would stop adding up

/** One offending field: a JSON pointer (RFC 6901), a stable code, and a sentence without personal data. */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface DomainErrorDetails {
  /** The first offending fields; `errorCount` is how many there were in all. */
  readonly errors?: readonly FieldError[];
  readonly errorCount?: number;
  /** Further members of the problem document, snake_case, such as `existing_id` or `current_status`. */
  readonly members?: Readonly<Record<string, string | number>>;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A refusal with a stable code. `message` is shown to callers: never an IBAN, a key or a stack trace in it. */
export class DomainError extends Error {
  override readonly name: string = 'DomainError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly details: DomainErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
  }
}

/** How many field errors an answer lists; the total is always told. */
export const MAX_LISTED_ERRORS = 100;

/** All field errors of one kind at once, cut to the first hundred. */
export function fieldErrors(
  kind: 'invalid' | 'rule',
  errors: readonly FieldError[],
  total: number = errors.length,
): DomainError {
  const code = kind === 'invalid' ? 'invalid_request' : 'validation_failed';
  const message =
    total === 1 ? 'One field of the request is not acceptable.' : `${total} fields of the request are not acceptable.`;
  return new DomainError(kind, code, message, { errors: errors.slice(0, MAX_LISTED_ERRORS), errorCount: total });
}

export const notFound = (what: string): DomainError => new DomainError('not_found', 'not_found', `No such ${what}.`);

/** What the platform has stopped, nobody else lets go on. */
export const stoppedByPlatform = (message: string): DomainError =>
  new DomainError('forbidden', 'stopped_by_platform', message);

/** Something that must never happen did: the transaction is rolled back and an operator is told. */
export const invariantViolated = (message: string, cause?: unknown): DomainError =>
  new DomainError('invariant', 'invariant_violated', message, { cause });
