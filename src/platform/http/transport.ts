import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import { isDocsPath, isProbePath, pathOf } from './public-paths.js';

/** A name or an address, with or without a port. Anything else does not go into a redirect. */
const HOST = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/;

/** As the proxy saw it, if there is one that is trusted. */
export const isHttps = (request: FastifyRequest): boolean => request.protocol === 'https';

/**
 * Keeps plain HTTP out. A browser that opens the documentation is sent to the same place over HTTPS. A program is refused: one
 * that is redirected silently goes on sending its key in the clear. Probes and scrapes come from inside.
 *
 * @returns whether a redirect was answered
 * @throws https_required
 */
export function requireHttps(request: FastifyRequest, reply: FastifyReply): boolean {
  if (isHttps(request)) return false;
  const path = pathOf(request.raw.url ?? '');
  if (isProbePath(path)) return false;
  const host = HOST.exec(request.host)?.[1];
  const isPage = (request.method === 'GET' || request.method === 'HEAD') && isDocsPath(path);
  if (!isPage || host === undefined) throw httpsRequired();
  // Without the query, which no page has and which may hold what should not be repeated.
  void reply.redirect(`https://${host}${path}`, 308);
  return true;
}

const httpsRequired = (): DomainError =>
  new DomainError(
    'forbidden',
    'https_required',
    'HTTPS is required. A key that was sent with this request travelled in the clear: treat it as exposed, and replace it.',
  );
