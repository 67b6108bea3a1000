import { DomainError, type ErrorKind, type FieldError } from '../../domain/errors.js';
import { titleOf } from './problem-titles.js';

/** A problem document (RFC 9457). */
export interface Problem {
  /** A URL path of the documentation. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path of the request, without its query. */
  readonly instance: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: readonly FieldError[];
  readonly error_count?: number;
  readonly [member: string]: unknown;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The one table from kinds of errors to HTTP. */
export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  too_slow: 408,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rule: 422,
  rate_limited: 429,
  invariant: 500,
  unavailable: 503,
};

export interface ProblemContext {
  readonly instance: string;
  readonly requestId: string;
}

/** What a caller is told. Of an error we did not expect, and of a broken invariant, nothing but the request id. */
export function problemOf(error: unknown, context: ProblemContext): Problem {
  if (!(error instanceof DomainError) || error.kind === 'invariant') return internalProblem(context);
  const { errors, errorCount, members } = error.details;
  return {
    ...members,
    ...about(error.code, STATUS_OF_KIND[error.kind], error.kind),
    detail: error.message,
    ...described(error.code, context),
    ...(errors && { errors, error_count: errorCount ?? errors.length }),
  };
}

function internalProblem(context: ProblemContext): Problem {
  return {
    ...about('internal_error', 500, 'invariant'),
    detail: 'Something went wrong on our side. Quote the request id when you report it.',
    ...described('internal_error', context),
  };
}

const about = (code: string, status: number, kind: ErrorKind) => ({
  type: `/docs/errors#${code}`,
  title: titleOf(code, kind),
  status,
});

const described = (code: string, { instance, requestId }: ProblemContext) => ({
  instance,
  code,
  request_id: requestId,
});
