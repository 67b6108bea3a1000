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
  /** The id of the first key of its line of rotations: whoever holds one of them is the same actor. */
  readonly lineageId: string;
  /** The key it was rotated into; null: it was not. */
  readonly successorId: string | null;
  /** Whether each of its requests has to be signed. */
  readonly requiresSignature: boolean;
}

/** What is kept of the text of a key. */
export interface KeyHash {
  readonly secretHash: Uint8Array;
  /** The ring key it was made under; null: a plain SHA-256, from before there was a ring. */
  readonly hashKeyId: number | null;
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

/** A key that was rotated works for `overlapSeconds` more, but never longer than it would have. */
export function endOfOverlap(key: Pick<ApiKey, 'expiresAt'>, now: Date, overlapSeconds: number): Date {
  const end = new Date(now.getTime() + overlapSeconds * 1_000);
  return key.expiresAt !== null && key.expiresAt < end ? key.expiresAt : end;
}
