import type { Scope } from './scopes.js';

/** What is known of a key after it was shown once: everything but its secret. */
export interface ApiKey {
  readonly id: string;
  readonly organizationId: string;
  /** The part of the key that is no secret: finds the row, and tells people which key they look at. */
  readonly publicId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

export type ApiKeyStatus = 'active' | 'expired' | 'revoked';

export function apiKeyStatus(key: Pick<ApiKey, 'expiresAt' | 'revokedAt'>, now: Date): ApiKeyStatus {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : 'active';
}

/** `last_used_at` is for people who clean up: one write a minute and key, not one a request. */
const USE_RESOLUTION_MS = 60_000;

export function isUseWorthNoting(key: Pick<ApiKey, 'lastUsedAt'>, now: Date): boolean {
  return key.lastUsedAt === null || now.getTime() - key.lastUsedAt.getTime() >= USE_RESOLUTION_MS;
}
