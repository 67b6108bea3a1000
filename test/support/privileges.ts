import type { Queryable } from '../../src/platform/database/index.js';

export const ROLES = ['tranche_organization', 'tranche_platform', 'tranche_discovery'] as const;
export type Role = (typeof ROLES)[number];

/** What each role is granted on a table, as one would write it in a GRANT. A role without any is left out. */
export type Privileges = Readonly<Partial<Record<Role, string>>>;

/** What is written once and stays: the books, and who did what. Nobody is granted to change or delete a row. */
export const APPEND_ONLY = [
  'audit_log',
  'bank_transactions',
  'bulk_approvals',
  'ledger_entries',
  'transfer_transitions',
  'webhook_attempts',
];

/** What no table holds rows of an organization in. */
export const OF_NOBODY = ['balance_changes', 'balance_proofs_due', 'migrations', 'queue_epoch', 'sandbox_journal'];

/** The rows of organizations that change, or go when they have served. */
export const CHANGING = [
  ...[
    'acceptance_counts',
    'accounts',
    'api_keys',
    'approval_requests',
    'audit_heads',
    'bulk_progress',
    'bulk_requests',
    'bulk_tallies',
    'chunks',
    'event_cursors',
    'event_heads',
    // Written once, and deleted when they are old.
    'events',
    'holds',
  ],
  ...['idempotency_keys', 'kill_switches', 'limit_usage', 'organizations', 'outbox', 'payment_limit_sets'],
  ...['payment_limits', 'payment_policies', 'rail_evidence', 'reconciliation_breaks', 'reconciliation_runs'],
  ...['notification_channels', 'notification_rules', 'notifications'],
  ...['request_nonces', 'statement_lines', 'transfers'],
  ...['webhook_deliveries', 'webhook_endpoints', 'webhook_secrets'],
];

/** The same for an organization in its own rows and for the platform in all, and what discovery needs of it. */
const both = (privileges: string, discovery?: string): Privileges => ({
  tranche_organization: privileges,
  tranche_platform: privileges,
  ...(discovery !== undefined && { tranche_discovery: discovery }),
});
/** What the platform sets, and an organization only reads. */
const ofPlatform = (privileges: string): Privileges => ({
  tranche_organization: 'SELECT',
  tranche_platform: privileges,
});

const APPENDED = 'SELECT, INSERT';
const UPDATED = 'SELECT, INSERT, UPDATE';
const DELETED = 'SELECT, INSERT, DELETE';

/** Every privilege there is on a table, a sequence or a view, but its owner's. A new grant is a decision, and is written down here. */
export const PRIVILEGES: Readonly<Record<string, Privileges>> = {
  acceptance_counts: both(UPDATED),
  accounts: both(UPDATED, 'SELECT (id, organization_id, iban, currency, status, verified_at)'),
  api_keys: ofPlatform(UPDATED),
  approval_requests: both(
    'SELECT, INSERT, UPDATE (decided_at, outcome)',
    'SELECT (bulk_id, organization_id, created_at, expires_at, decided_at)',
  ),
  audit_heads: both(UPDATED),
  audit_log: both(APPENDED),
  bank_transactions: both(APPENDED),
  bulk_approvals: both(APPENDED),
  bulk_progress: both(UPDATED),
  bulk_requests: both(
    UPDATED,
    'SELECT (id, organization_id, correlation_id, status, pending_count, submitted_count, in_doubt_count, manual_review_count, completed_at, origin, origin_id)',
  ),
  bulk_tallies: both(DELETED, 'SELECT (bulk_id, pending_count, submitted_count, in_doubt_count, manual_review_count)'),
  chunks: both(UPDATED, 'SELECT, UPDATE'),
  event_cursors: both(UPDATED, 'SELECT'),
  event_heads: both(UPDATED, 'SELECT'),
  events: both(APPENDED, 'SELECT (organization_id, sequence, occurred_at), DELETE'),
  holds: both(UPDATED),
  idempotency_keys: both(
    'SELECT, INSERT, UPDATE, DELETE',
    'SELECT (organization_id, operation, key, expires_at), DELETE',
  ),
  kill_switches: { ...ofPlatform('SELECT, INSERT, UPDATE, DELETE'), tranche_discovery: 'SELECT' },
  ledger_entries: both(APPENDED),
  limit_usage: both(UPDATED),
  migrations: { tranche_discovery: 'SELECT' },
  notification_channels: both('SELECT, INSERT, UPDATE, DELETE'),
  notification_rules: both('SELECT, INSERT, UPDATE, DELETE'),
  notifications: both(
    UPDATED,
    'SELECT (id, organization_id, channel_id, channel_kind, status, next_attempt_at, lease_until, created_at), DELETE',
  ),
  organizations: ofPlatform(UPDATED),
  outbox: both(DELETED, 'SELECT, UPDATE, DELETE'),
  payment_limit_sets: ofPlatform(UPDATED),
  payment_limits: ofPlatform(DELETED),
  payment_policies: ofPlatform(UPDATED),
  queue_epoch: { tranche_platform: UPDATED, tranche_discovery: UPDATED },
  rail_evidence: both(UPDATED, UPDATED),
  reconciliation_breaks: both(UPDATED),
  reconciliation_runs: both(UPDATED),
  request_nonces: both(APPENDED, 'SELECT (api_key_id, nonce, expires_at), DELETE'),
  sandbox_journal: { tranche_platform: UPDATED, tranche_discovery: UPDATED },
  statement_lines: both(UPDATED),
  transfer_transitions: both(APPENDED),
  transfers: both(UPDATED, 'SELECT (id, organization_id, bulk_id, chunk_id, rail)'),
  webhook_attempts: both(APPENDED, 'INSERT'),
  webhook_deliveries: both(UPDATED, 'SELECT, UPDATE, DELETE'),
  webhook_endpoints: both(
    UPDATED,
    'SELECT (id, organization_id, ordered, max_concurrency, status, bulk_id, created_at, deleted_at), DELETE',
  ),
  webhook_secrets: both('SELECT, INSERT, UPDATE, DELETE'),
};

/** What PostgreSQL knows to be granted to anybody but the owner, on relations of every kind. */
const GRANTED = `
  WITH relation AS (
    SELECT c.oid, relname, relowner, relacl
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
  ), granted AS (
    SELECT relname, grantee, privilege_type AS privilege, is_grantable
      FROM relation, aclexplode(relacl) WHERE grantee <> relowner
    UNION ALL
    SELECT relname, grantee, format('%s (%s)', privilege_type, string_agg(attname, ', ' ORDER BY attnum)), bool_or(is_grantable)
      FROM relation JOIN pg_attribute ON attrelid = relation.oid, aclexplode(attacl)
     WHERE grantee <> relowner GROUP BY relname, grantee, privilege_type
  )
  SELECT relname AS "table", CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END AS grantee,
         string_agg(privilege || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', '
           ORDER BY array_position(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], split_part(privilege, ' ', 1)), privilege) AS privileges
    FROM granted GROUP BY 1, 2`;

export async function grantedPrivileges(on: Queryable): Promise<Record<string, Record<string, string>>> {
  const granted: Record<string, Record<string, string>> = {};
  const rows = await on.query<{ table: string; grantee: string; privileges: string }>(GRANTED);
  for (const { table, grantee, privileges } of rows) (granted[table] ??= {})[grantee] = privileges;
  return granted;
}

/** Statements that change what is there, and that `role` is not granted: each has to be refused. */
export function forbiddenTo(role: Role): string[] {
  return [...APPEND_ONLY, ...OF_NOBODY, ...CHANGING].flatMap((table) => {
    const granted = (PRIVILEGES[table]?.[role] ?? '').split(/, (?![^(]*\))/);
    return [
      ...(granted.some((privilege) => privilege.startsWith('UPDATE'))
        ? []
        : [`UPDATE ${table} SET ${A_COLUMN[table] ?? 'organization_id = organization_id'}`]),
      ...(granted.includes('DELETE') ? [] : [`DELETE FROM ${table}`]),
      `TRUNCATE ${table} CASCADE`,
    ];
  });
}

/** For tables without a column of that name. */
const A_COLUMN: Readonly<Record<string, string>> = {
  balance_changes: 'posted_minor = 0',
  balance_proofs_due: `statement = ''`,
  kill_switches: 'reason = reason',
  migrations: 'id = id',
  organizations: 'id = id',
  queue_epoch: 'epoch = epoch',
  sandbox_journal: 'submissions = 0',
};
