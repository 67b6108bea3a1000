import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actAs } from '../logging/index.js';
import type { Doorkeeper } from './doorkeeper.js';
import { basicPassword, presentedKey, refuseKeyInQuery } from './presented-key.js';
import { forbidden, type Principal, unauthenticated } from './principal.js';
import { isBelow, isPublicPath, OPERATIONS_PREFIX, pathOf } from './public-paths.js';
import { holdsScopes } from './scopes.js';

const METRICS_PATH = '/metrics';

export interface AuthenticationSettings {
  readonly doorkeeper: () => Doorkeeper;
  /** When set, `/metrics` takes this Bearer token and nothing else. */
  readonly metricsToken: string | undefined;
}

/** Puts authentication in front of every route that is added from now on. */
export function guardRequests(instance: FastifyInstance, settings: AuthenticationSettings): void {
  instance.decorateRequest('principal', null);
  instance.decorateRequest('signature', null);
  instance.addHook('onRequest', (request) => authenticateRequest(request, settings));
  // Behind the body, and before what checks it or acts on it.
  instance.addHook('preValidation', async (request) => {
    if (request.signature !== null) await settings.doorkeeper().settle(request);
  });
  instance.addHook('onResponse', async ({ problemCode }) => {
    if (problemCode !== null) settings.doorkeeper().noteProblem(problemCode);
  });
}

/**
 * Finds out who calls, before the route is looked at and before a byte of the body is read. The path is taken as it was
 * sent, so a path that is only equivalent to a public one is not public.
 *
 * @throws unauthenticated, rate_limited, invalid_signature
 */
export async function authenticateRequest(request: FastifyRequest, settings: AuthenticationSettings): Promise<void> {
  const url = request.raw.url ?? '';
  const path = pathOf(url);
  refuseKeyInQuery(url);
  const { metricsToken } = settings;
  if (path === METRICS_PATH && metricsToken !== undefined) {
    await settings.doorkeeper().admitSecret(request, (presented) => sameSecret(presented, metricsToken));
    return;
  }
  if (isPublicPath(path) || isLeftToItsPlugin(request, path)) return;
  request.principal = await settings.doorkeeper().admit(request);
  actAs(request.principal.actor);
}

/** @throws unauthenticated */
export function requireMetricsToken(headers: IncomingHttpHeaders, token: string): void {
  if (!sameSecret(presentedKey(headers), token)) throw unauthenticated('The token of the metrics is another one.');
}

/**
 * For pages a browser opens by itself: HTTP Basic with an API key as the password.
 *
 * @throws unauthenticated, rate_limited, invalid_signature, forbidden
 */
export async function authenticateBasic(
  request: FastifyRequest,
  doorkeeper: Doorkeeper,
  scope: string,
): Promise<Principal> {
  const key = basicPassword(request.headers.authorization);
  if (key === null) throw unauthenticated('A key is needed, as the password.');
  const principal = await doorkeeper.admitPassword(request, key);
  // Before the scope is looked at: whoever is refused is known by name.
  request.principal = principal;
  actAs(principal.actor);
  if (!holdsScopes(principal, [scope])) throw forbidden(`The API key needs the scope ${scope}.`);
  return principal;
}

/** Whether the path says so is not enough: what was routed must be the plugin's. */
function isLeftToItsPlugin(request: FastifyRequest, path: string): boolean {
  return isBelow(OPERATIONS_PREFIX, path) && isBelow(OPERATIONS_PREFIX, request.routeOptions.url ?? '');
}

/** Hashes first, so that neither content nor length shows in the time it takes. */
function sameSecret(presented: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(presented), digest(expected));
}
