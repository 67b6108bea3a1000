import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DISCOVERY, expose, isolate, ORGANIZATION, PLATFORM } from './row-security.js';

const ROLES = [ORGANIZATION, DISCOVERY, PLATFORM];

/** By the time a row is written by two organizations, it is too late: PostgreSQL itself keeps them apart (ADR 0016). */
const ISOLATED = {
  organizations: isolate('organizations', {
    privileges: 'SELECT, INSERT, UPDATE',
    own: 'id = (SELECT acting_organization())',
  }),
  api_keys: isolate('api_keys', { privileges: 'SELECT, INSERT, UPDATE' }),
  accounts: isolate('accounts', { privileges: 'SELECT, INSERT, UPDATE' }),
  holds: isolate('holds', { privileges: 'SELECT, INSERT, UPDATE' }),
  ledger_entries: isolate('ledger_entries', { privileges: 'SELECT, INSERT' }),
  bank_transactions: isolate('bank_transactions', { privileges: 'SELECT, INSERT' }),
  outbox: isolate('outbox', {
    privileges: 'SELECT, INSERT, DELETE',
    discovery: ['SELECT', 'UPDATE', 'DELETE'],
  }),
  idempotency_keys: isolate('idempotency_keys', {
    privileges: 'SELECT, INSERT, UPDATE, DELETE',
    discovery: ['SELECT (organization_id, operation, key, expires_at)', 'DELETE'],
  }),
  bulk_requests: isolate('bulk_requests', {
    privileges: 'SELECT, INSERT, UPDATE',
    discovery: [
      `SELECT (id, organization_id, origin, origin_id, correlation_id, status, completed_at, pending_count, submitted_count,
               in_doubt_count, manual_review_count)`,
    ],
  }),
  transfers: isolate('transfers', {
    privileges: 'SELECT, INSERT, UPDATE',
    discovery: ['SELECT (id, organization_id, bulk_id, chunk_id, rail)'],
  }),
  chunks: isolate('chunks', { privileges: 'SELECT, INSERT, UPDATE', discovery: ['SELECT', 'UPDATE'] }),
  bulk_tallies: isolate('bulk_tallies', {
    privileges: 'SELECT, INSERT, DELETE',
    discovery: ['SELECT (bulk_id, pending_count, submitted_count, in_doubt_count, manual_review_count)'],
  }),
  transfer_transitions: isolate('transfer_transitions', { privileges: 'SELECT, INSERT' }),
  rail_evidence: isolate('rail_evidence', {
    privileges: 'SELECT, INSERT, UPDATE',
    discovery: ['SELECT', 'INSERT', 'UPDATE'],
  }),
  reconciliation_runs: isolate('reconciliation_runs', { privileges: 'SELECT, INSERT, UPDATE' }),
  statement_lines: isolate('statement_lines', { privileges: 'SELECT, INSERT, UPDATE' }),
  reconciliation_breaks: isolate('reconciliation_breaks', { privileges: 'SELECT, INSERT, UPDATE' }),
  // The switches that hold for an organization: its own, and those of the rails.
  kill_switches: isolate('kill_switches', {
    privileges: 'SELECT',
    discovery: ['SELECT'],
    own: `scope = 'rail' OR target = (SELECT acting_organization())::text`,
  }),
} as const;

/**
 * Row level security on every table that has rows of organizations, and the roles that statements run as. The migrating role needs
 * CREATEROLE, or finds the three roles made and is a member of them (docs/tenant-isolation.md).
 */
export class IsolateOrganizations1795252260000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const role of ROLES) await runner.query(createRole(role));
    await runner.query(`
      DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO ${ORGANIZATION}', current_database()); END $$;
      GRANT USAGE ON SCHEMA public TO ${ROLES.join(', ')};

      -- Without a name, and outside a transaction that set one, it is NULL: no row is anybody's.
      CREATE FUNCTION acting_organization() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
        $$ SELECT nullif(current_setting('tranche.organization_id', true), '')::uuid $$;

      ${Object.values(ISOLATED).join('\n')}
      GRANT INSERT, UPDATE, DELETE ON kill_switches TO ${PLATFORM};
      -- Payments between organizations go to accounts whose IBAN the platform verified: that much of them is known to all.
      GRANT SELECT (id, organization_id, iban, currency, status, verified_at) ON accounts TO ${DISCOVERY};
      CREATE POLICY verified_rows ON accounts FOR SELECT TO ${DISCOVERY} USING (verified_at IS NOT NULL);
      -- Rows of nobody: the queue's epoch, and the record of the bank that the sandbox rail plays.
      GRANT SELECT, INSERT, UPDATE ON queue_epoch, sandbox_journal TO ${DISCOVERY}, ${PLATFORM};
      GRANT SELECT ON migrations TO ${DISCOVERY};
      -- Evidence belongs to whom its transfer belongs to; until now only what workers learned late said so.
      UPDATE rail_evidence e SET organization_id = t.organization_id
        FROM transfers t WHERE t.id = e.transfer_id AND e.organization_id IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    const tables = Object.keys(ISOLATED);
    await runner.query(`
      REVOKE ALL ON queue_epoch, sandbox_journal, migrations FROM ${ROLES.join(', ')};
      DROP POLICY verified_rows ON accounts;
      ${tables.map(expose).join('\n')}
      DROP FUNCTION acting_organization;
    `);
  }
}

/** Roles belong to the server, not to the database: another database may have made them already, or be making them just now. */
const createRole = (role: string): string => `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
      CREATE ROLE ${role} NOLOGIN;
      EXECUTE format('GRANT ${role} TO %I', current_user);
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END $$`;
