import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expose, isolate, PLATFORM } from './row-security.js';

const OWN = {
  payment_policies: isolate('payment_policies', { privileges: 'SELECT' }),
  payment_limit_sets: isolate('payment_limit_sets', { privileges: 'SELECT' }),
  payment_limits: isolate('payment_limits', { privileges: 'SELECT' }),
  limit_usage: isolate('limit_usage', { privileges: 'SELECT, INSERT, UPDATE' }),
  approval_requests: isolate('approval_requests', {
    privileges: 'SELECT, INSERT, UPDATE (decided_at, outcome)',
    discovery: ['SELECT (bulk_id, organization_id, created_at, expires_at, decided_at)'],
  }),
  bulk_approvals: isolate('bulk_approvals', { privileges: 'SELECT, INSERT' }),
} as const;

/** Who has to agree before money leaves, and how much may leave at all. Only the platform writes the rules. */
export class CreatePaymentPolicies1795252500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payment_policies (
        organization_id  uuid PRIMARY KEY REFERENCES organizations,
        -- Null: nothing has to be approved. Amounts in it are minor units, as text.
        approval         jsonb,
        duplicate_policy text NOT NULL CHECK (duplicate_policy IN ('warn', 'hold', 'block')),
        version          integer NOT NULL CHECK (version > 0),
        updated_at       timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE payment_limit_sets (
        organization_id uuid PRIMARY KEY REFERENCES organizations,
        version         integer NOT NULL CHECK (version > 0),
        updated_at      timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE payment_limits (
        organization_id uuid NOT NULL REFERENCES payment_limit_sets,
        -- Null: all accounts of the organization in this currency together.
        account_id      uuid,
        currency        text NOT NULL,
        per             text NOT NULL CHECK (per IN ('bulk', 'day')),
        max_minor       bigint CHECK (max_minor >= 0),
        max_count       integer CHECK (max_count >= 0),
        CHECK (max_minor IS NOT NULL OR max_count IS NOT NULL),
        FOREIGN KEY (account_id, currency) REFERENCES accounts (id, currency),
        UNIQUE NULLS NOT DISTINCT (organization_id, account_id, currency, per)
      );
      -- What was accepted on a day (UTC). One row for each counter that has a limit, changed by one conditional statement.
      CREATE TABLE limit_usage (
        organization_id uuid NOT NULL REFERENCES organizations,
        account_id      uuid,
        currency        text NOT NULL,
        day             date NOT NULL,
        amount_minor    bigint NOT NULL CHECK (amount_minor >= 0),
        transfer_count  integer NOT NULL CHECK (transfer_count >= 0),
        UNIQUE NULLS NOT DISTINCT (organization_id, account_id, currency, day)
      ) WITH (fillfactor = 50);

      CREATE TABLE approval_requests (
        bulk_id          uuid PRIMARY KEY REFERENCES bulk_requests,
        organization_id  uuid NOT NULL REFERENCES organizations,
        required         smallint NOT NULL CHECK (required BETWEEN 1 AND 5),
        reasons          jsonb NOT NULL,
        payload_hash     text NOT NULL CHECK (payload_hash ~ '^[0-9a-f]{64}$'),
        submitter_kind   text NOT NULL,
        submitter_id     text NOT NULL,
        submitter_key_id uuid,
        created_at       timestamptz NOT NULL DEFAULT now(),
        expires_at       timestamptz NOT NULL,
        decided_at       timestamptz,
        outcome          text CHECK (outcome IN ('approved', 'rejected', 'expired', 'cancelled')),
        CHECK ((decided_at IS NULL) = (outcome IS NULL))
      );
      CREATE INDEX approval_requests_waiting ON approval_requests (expires_at) WHERE decided_at IS NULL;

      -- Who said what, and about which payload. Never changed: whoever changes their mind says so in a row of its own.
      CREATE TABLE bulk_approvals (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        bulk_id         uuid NOT NULL REFERENCES approval_requests,
        approver_kind   text NOT NULL,
        approver_id     text NOT NULL,
        approver_key_id uuid,
        decision        text NOT NULL CHECK (decision IN ('approve', 'reject')),
        payload_hash    text NOT NULL CHECK (payload_hash ~ '^[0-9a-f]{64}$'),
        reason          text CHECK ((decision = 'reject') = (reason IS NOT NULL)),
        created_at      timestamptz NOT NULL DEFAULT now(),
        UNIQUE (bulk_id, approver_kind, approver_id, decision)
      );
      CREATE FUNCTION refuse_approval_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'decisions about bulk requests are immutable: % refused', TG_OP USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER bulk_approvals_are_immutable BEFORE UPDATE OR DELETE ON bulk_approvals
        FOR EACH ROW EXECUTE FUNCTION refuse_approval_change();
      CREATE TRIGGER bulk_approvals_are_not_truncated BEFORE TRUNCATE ON bulk_approvals
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_approval_change();

      ${Object.values(OWN).join('\n')}
      GRANT INSERT, UPDATE ON payment_policies, payment_limit_sets TO ${PLATFORM};
      GRANT INSERT, DELETE ON payment_limits TO ${PLATFORM};
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${Object.keys(OWN).map(expose).join('\n')}
      DROP TABLE bulk_approvals, approval_requests, limit_usage, payment_limits, payment_limit_sets, payment_policies;
      DROP FUNCTION refuse_approval_change;
    `);
  }
}
