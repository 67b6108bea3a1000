/** Everything that is written down, by the noun it happened to. A new action is a line here, and in docs/audit-log.md. */
export const AUDIT_ACTIONS = [
  'organization.created',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
  'account.opened',
  'account.status_changed',
  'account.verified',
  'bank_transaction.posted',
  'bank_transaction.failed',
  'bulk_request.duplicates_overridden',
  'transfers.recorded',
  'kill_switch.engaged',
  'kill_switch.released',
  'request.refused',
  'refusals.dropped',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What an entry can be about. */
export const AUDIT_RESOURCES = [
  'organization',
  'api_key',
  'account',
  'bank_transaction',
  'bulk_request',
  'chunk',
  'kill_switch',
  'route',
  'refusals',
] as const;

export type AuditResource = (typeof AUDIT_RESOURCES)[number];
