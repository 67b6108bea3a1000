import type { FastifyRequest } from 'fastify';
import { DomainError, fieldErrors } from '../../domain/errors.js';

/** For a whole request, however large and however fast it is. */
export const REQUEST_TIMEOUT_MS = 120_000;

/** Node takes 16 KiB of headers at most, and drops without a word what comes after 2,000: one that matters could be among them. */
const MAX_HEADERS = 100;
/** Several times what any route has. */
const MAX_QUERY_PARAMETERS = 50;
const AMPERSAND = /&/g;

/** @throws invalid_request when there are more headers or query parameters than anybody needs */
export function limitRequest(request: FastifyRequest): void {
  if (request.raw.rawHeaders.length > 2 * MAX_HEADERS) {
    throw new DomainError('invalid', 'invalid_request', `The request has more than ${MAX_HEADERS} headers.`);
  }
  const url = request.raw.url ?? '';
  const query = url.indexOf('?');
  if (query < 0) return;
  if ((url.slice(query).match(AMPERSAND)?.length ?? 0) < MAX_QUERY_PARAMETERS) return;
  throw fieldErrors('invalid', [
    { pointer: '/query', code: 'too_many', detail: `At most ${MAX_QUERY_PARAMETERS} parameters.` },
  ]);
}
