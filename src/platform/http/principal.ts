import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import type { Actor } from '../logging/index.js';

/** Who is calling. */
export interface Principal {
  /** `admin` is the platform itself: it belongs to no organization and may act in each. */
  readonly kind: 'admin' | 'key';
  /** Null for the admin key that comes from the configuration. */
  readonly keyId: string | null;
  readonly organizationId: string | null;
  readonly scopes: ReadonlySet<string>;
}

/** What platform/http needs to know about keys and organizations. Implemented by the organizations module. */
export abstract class Authenticator {
  /** Null for a key that is unknown, expired or revoked. */
  abstract authenticate(presentedKey: string): Promise<Principal | null>;
  /** `id` is a lower-case UUID. */
  abstract organizationExists(id: string): Promise<boolean>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before routing; null on public paths. */
    principal: Principal | null;
    /** The organization the request acts in; set for handlers that take it as a parameter. */
    organizationId: string | null;
  }
}

/** Who a caller is to those who write down what was done. */
export const actorOf = ({ kind, keyId }: Principal): Actor => ({ kind, id: keyId ?? kind, keyId });

/** @throws unauthenticated when the path is public and nobody had to identify themselves */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw unauthenticated();
  return request.principal;
}

export const unauthenticated = (
  message = 'An API key is needed: "Authorization: Bearer <key>" or "X-API-Key: <key>".',
): DomainError => new DomainError('unauthenticated', 'unauthenticated', message);

export const forbidden = (message: string): DomainError => new DomainError('forbidden', 'forbidden', message);
