import { HttpException } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { sqlState } from '../database/index.js';
import { unsupportedMediaType } from './json-body.js';

/** Connection exceptions, shutdown, "too many connections": the database is away or leaving, the request was not at fault. */
const OUTAGE_STATE = /^(08|57P|53300)/;
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

/** What Nest, Fastify and the database throw, in the words of the contract. Null for what nobody expected. */
export function domainErrorOf(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  const cause = error instanceof HttpException && error.cause !== undefined ? error.cause : error;
  if (cause instanceof DomainError) return cause;
  const status = statusOf(error);
  if (status !== null) return requestError(codeOf(cause), status);
  return isOutage(error) ? outage(error) : null;
}

function requestError(code: string | undefined, status: number): DomainError {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || status === 413) {
    return new DomainError('too_large', 'body_too_large', 'The body is larger than the service accepts.');
  }
  if (status === 415) return unsupportedMediaType();
  if (status === 401) return new DomainError('unauthenticated', 'unauthenticated', 'An API key is needed.');
  if (status === 403) return new DomainError('forbidden', 'forbidden', 'Not allowed.');
  if (status === 404 || status === 405) return nothingHere();
  return new DomainError('invalid', 'invalid_request', 'The request is not acceptable HTTP for this service.');
}

/** Also for a method that a path does not have. */
export const nothingHere = (): DomainError =>
  new DomainError('not_found', 'not_found', 'There is nothing at this path.');

/** A status of the 4xx kind that a framework decided on. */
function statusOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : null;
}

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
};

function isOutage(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return OUTAGE_STATE.test(state) || OUTAGE_CODES.has(state);
  const code = codeOf(error);
  if (code !== undefined) return OUTAGE_CODES.has(code);
  // node-postgres has no codes for these.
  return (
    error instanceof Error && /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}

const outage = (cause: unknown): DomainError =>
  new DomainError('unavailable', 'unavailable', 'The service cannot reach its database at the moment.', {
    cause,
    retryAfterSeconds: 1,
  });
