import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { actAs } from '../logging/index.js';
import { basicPassword, presentedKey, refuseKeyInQuery } from './presented-key.js';
import { actorOf, type Authenticator, forbidden, type Principal, unauthenticated } from './principal.js';
import { isBelow, isPublicPath, OPERATIONS_PREFIX, pathOf } from './public-paths.js';
import { holdsScopes } from './scopes.js';

const METRICS_PATH = '/metrics';

export interface AuthenticationSettings {
  readonly authenticator: () => Authenticator;
  /** When set, `/metrics` takes this Bearer token and nothing else. */
  readonly metricsToken: string | undefined;
}

/**
 * Finds out who calls, before the route is looked at and before a byte of the body is read. The path is taken as it was
 * sent, so a path that is only equivalent to a public one is not public.
 *
 * @throws unauthenticated
 */
export async function authenticateRequest(request: FastifyRequest, settings: AuthenticationSettings): Promise<void> {
  const url = request.raw.url ?? '';
  const path = pathOf(url);
  refuseKeyInQuery(url);
  if (path === METRICS_PATH && settings.metricsToken !== undefined) {
    requireMetricsToken(request.headers, settings.metricsToken);
    return;
  }
  if (isPublicPath(path) || isLeftToItsPlugin(request, path)) return;
  request.principal = await identify(presentedKey(request.headers), settings.authenticator());
}

/** @throws unauthenticated */
export function requireMetricsToken(headers: IncomingHttpHeaders, token: string): void {
  if (!sameSecret(presentedKey(headers), token)) throw unknownKey();
}

/**
 * For pages a browser opens by itself: HTTP Basic with an API key as the password.
 *
 * @throws unauthenticated, forbidden
 */
export async function authenticateBasic(
  request: FastifyRequest,
  authenticator: Authenticator,
  scope: string,
): Promise<Principal> {
  const key = basicPassword(request.headers.authorization);
  if (key === null) throw unauthenticated('An operator key is needed, as the password.');
  const principal = await identify(key, authenticator);
  if (!holdsScopes(principal, [scope])) throw forbidden(`The API key needs the scope ${scope}.`);
  request.principal = principal;
  return principal;
}

/** Whether the path says so is not enough: what was routed must be the plugin's. */
function isLeftToItsPlugin(request: FastifyRequest, path: string): boolean {
  return isBelow(OPERATIONS_PREFIX, path) && isBelow(OPERATIONS_PREFIX, request.routeOptions.url ?? '');
}

async function identify(key: string, authenticator: Authenticator): Promise<Principal> {
  const principal = await authenticator.authenticate(key);
  if (!principal) throw unknownKey();
  actAs(actorOf(principal));
  return principal;
}

/** Hashes first, so that neither content nor length shows in the time it takes. */
function sameSecret(presented: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(presented), digest(expected));
}

const unknownKey = () => unauthenticated('The API key is unknown, expired or revoked.');
