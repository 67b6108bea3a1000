import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor } from '../logging/index.js';
import { loggablePath } from './loggable-path.js';
import { pathOf } from './public-paths.js';
import { routeOf } from './request-log.js';

/** An attempt to change something that was not let through. */
export interface Refusal {
  readonly at: Date;
  /** Null when the caller is nobody's, or the platform's and named no organization. */
  readonly organizationId: string | null;
  readonly actor: Actor;
  readonly method: string;
  /** The pattern of the route; of a path that is none, what a log may show of it. */
  readonly route: string;
  readonly status: number;
  /** The code of the problem; null when the refusal was a stored answer. */
  readonly code: string | null;
  readonly requestId: string;
}

/** Whoever remembers refusals. Implemented by the audit module. */
export abstract class RefusalRecorder {
  /** Must neither throw nor keep anybody waiting: the answer is out already. */
  abstract record(refusal: Refusal): void;
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
const REFUSED = new Set([401, 403, 404, 409, 422, 429]);
const ANONYMOUS: Actor = { kind: 'anonymous', id: 'anonymous', keyId: null };

/** Tells of every refused attempt to change something. Bodies that are no requests at all (400, 413, 415) attempt nothing. */
export function tellRefusals(instance: FastifyInstance, recorder: RefusalRecorder): void {
  instance.addHook('onResponse', async (request, reply) => {
    const { statusCode: status } = reply;
    if (READING.has(request.method) || !REFUSED.has(status)) return;
    recorder.record(refusalOf(request, status));
  });
}

function refusalOf(request: FastifyRequest, status: number): Refusal {
  const { principal, method, problemCode: code, id: requestId } = request;
  return {
    at: new Date(),
    organizationId: request.organizationId ?? principal?.organizationId ?? null,
    actor: principal ? principal.actor : ANONYMOUS,
    method,
    route: routeOf(request) ?? loggablePath(pathOf(request.raw.url ?? '')),
    status,
    code,
    requestId,
  };
}
