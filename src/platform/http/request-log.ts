import type { FastifyReply, FastifyRequest } from 'fastify';
import { createLogger } from '../logging/index.js';
import { loggablePath } from './loggable-path.js';
import { pathOf } from './public-paths.js';

export const requestLogger = createLogger('http');

/** One line for each request. `route` is the pattern, `path` has the ids. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const status = reply.statusCode;
  const level = levelOf(status, routeOf(request));
  if (!requestLogger.isLevelEnabled(level)) return;
  requestLogger[level]({
    event: 'http_request',
    method: request.method,
    route: routeOf(request),
    path: loggablePath(pathOf(request.raw.url ?? '')),
    status,
    ...(request.problemCode && { code: request.problemCode }),
    duration_ms: Math.round(reply.elapsedTime * 100) / 100,
    request_id: request.id,
    organization_id: request.organizationId ?? request.principal?.organizationId ?? null,
    key_id: request.principal?.keyId ?? null,
  });
}

/** Probes and scrapes come every few seconds, and are worth a line when they fail. */
const PROBES: readonly (string | null)[] = ['/health', '/health/live', '/health/ready', '/metrics'];

function levelOf(status: number, route: string | null): 'error' | 'warn' | 'info' | 'debug' {
  if (status >= 500) return 'error';
  if (status >= 400) return 'warn';
  return PROBES.includes(route) ? 'debug' : 'info';
}

/** The pattern a request was routed by; null when there is none. */
export const routeOf = (request: FastifyRequest): string | null =>
  request.is404 ? null : (request.routeOptions?.url ?? null);
