/**
 * What a key may do. `<resource>:read` and `<resource>:write`, and a few powers of their own:
 * `bulk-requests:approve` releases what waits for a second pair of eyes, `transfers:read-pii` shows IBANs unmasked,
 * `audit-log:read` shows who did what, `policies:read` what has to be approved; `fraud:review` decides cases, `operator` resolves
 * what is in doubt, reconciles, and stops its organization.
 */
export const SCOPES = [
  'accounts:read',
  'accounts:write',
  'bank-transactions:read',
  'bank-transactions:write',
  'bulk-requests:read',
  'bulk-requests:write',
  'bulk-requests:approve',
  'transfers:read',
  'transfers:write',
  'transfers:read-pii',
  'policies:read',
  'events:read',
  'webhooks:read',
  'webhooks:write',
  'notifications:read',
  'notifications:write',
  'audit-log:read',
  'fraud:review',
  'operator',
] as const;

/** What a key of an organization can hold. `admin`, the platform itself, is not among them: only the configured key holds it. */
export type Scope = (typeof SCOPES)[number];

/** What of `named` an organization can hold, wherever it is read from: `admin` means nothing there. */
export const grantableScopes = (named: readonly unknown[]): readonly Scope[] =>
  SCOPES.filter((scope) => named.includes(scope));
