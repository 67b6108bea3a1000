import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import type { Actor } from '../logging/index.js';

/** Who is calling. */
export interface Principal {
  /** `admin` is the platform itself: it belongs to no organization and may act in each. */
  readonly kind: 'admin' | 'key' | 'token';
  /** Null for the admin key that comes from the configuration, and for tokens. */
  readonly keyId: string | null;
  readonly organizationId: string | null;
  readonly scopes: ReadonlySet<string>;
  /** The same across rotations of a key and lifetimes of a token: who made something cannot approve it as somebody else. */
  readonly actor: Actor;
  /** What each of its requests must be signed with; null: they need not be. Never logged, never answered. */
  readonly signingSecret: string | null;
}

/** Why credentials open nothing: for metrics and the log. Callers are only told that they do not. */
export type RefusalReason = 'unknown' | 'wrong_secret' | 'expired' | 'revoked' | 'invalid_token';

export interface Refusal {
  readonly refused: RefusalReason;
  /** The key that was meant, if there is one. */
  readonly keyId: string | null;
}

export type Authentication = Principal | Refusal;

/** What platform/http needs to know about keys, tokens and organizations. Implemented by the organizations module. */
export abstract class Authenticator {
  /** @throws unavailable when it cannot be found out */
  abstract authenticate(presented: string): Promise<Authentication>;
  /** `id` is a lower-case UUID. */
  abstract organizationExists(id: string): Promise<boolean>;
}

/** How a line of what somebody did names them: by key where there is one. */
export const nameOfPrincipal = ({ keyId, actor }: Principal): string => keyId ?? actor.id;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before routing; null on public paths. */
    principal: Principal | null;
    /** The organization the request acts in; set for handlers that take it as a parameter. */
    organizationId: string | null;
  }
}

/** @throws unauthenticated when the path is public and nobody had to identify themselves */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw unauthenticated();
  return request.principal;
}

export const unauthenticated = (
  message = 'An API key is needed: "Authorization: Bearer <key>" or "X-API-Key: <key>".',
): DomainError => new DomainError('unauthenticated', 'unauthenticated', message);

export const forbidden = (message: string): DomainError => new DomainError('forbidden', 'forbidden', message);
