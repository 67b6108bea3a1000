import cors from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'];
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'X-API-Key',
  'X-Organization-Id',
  'X-Request-Id',
];
const EXPOSED_HEADERS = [
  'Idempotent-Replayed',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
];
const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of these origins call the API, with keys and never with cookies. Everything else goes on as if there were no CORS:
 * without origins nothing is added at all. To be called before the authentication is added, because a preflight has no key.
 */
export function allowOrigins(instance: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = {
    origin: [...origins],
    methods: METHODS,
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    credentials: false,
    maxAge: PREFLIGHT_SECONDS,
  };
  const ofAllowed = ({ headers, method }: FastifyRequest): boolean =>
    origins.includes(headers.origin ?? '') &&
    (method !== 'OPTIONS' || headers['access-control-request-method'] !== undefined);
  // Called, not registered: a plugin's hook would be added after ours.
  cors(
    instance,
    { delegator: (request, callback) => callback(null, ofAllowed(request) ? allowed : { origin: false }) },
    (error) => {
      if (error) throw error;
    },
  );
}
