import type { FastifyReply, FastifyRequest } from 'fastify';
import { createLogger } from '../logging/index.js';
import { domainErrorOf } from './error-translation.js';
import { loggablePath } from './loggable-path.js';
import { type Problem, PROBLEM_MEDIA_TYPE, problemOf } from './problem.js';
import { isBelow, OPERATIONS_PREFIX, pathOf } from './public-paths.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the problem that was answered, for the log. */
    problemCode: string | null;
  }
}

const logger = createLogger('http');

/** Answers any error as a problem document. Ours are logged with their stack, the caller's are not. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const path = pathOf(request.raw.url ?? '');
  const known = domainErrorOf(error);
  const problem = problemOf(known ?? error, { instance: loggablePath(path), requestId: request.id });
  request.problemCode = problem.code;
  logOurs(error, problem, request);
  if (problem.status === 401) void reply.header('www-authenticate', challengeFor(path));
  const retryAfterSeconds = known?.details.retryAfterSeconds;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  void reply.code(problem.status).header('content-type', PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
}

function logOurs(error: unknown, { status, code }: Problem, request: FastifyRequest): void {
  if (status < 500) return;
  const fields = { event: 'request_failed', code, request_id: request.id, err: error };
  if (status === 503) logger.warn(fields);
  else logger.error(fields);
}

/** A browser asks for a password only when told to; on the API that would be a nuisance. */
const challengeFor = (path: string): string =>
  isBelow(OPERATIONS_PREFIX, path) ? 'Basic realm="Tranche operations", charset="UTF-8"' : 'Bearer realm="Tranche"';
