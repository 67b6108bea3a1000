import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expose, isolate } from './row-security.js';

/**
 * What was done and what was refused, in hash chains: one for each organization and kind, and the platform's own, whose organization is
 * NULL (ADR 0018). There is no foreign key to organizations: checking it would lock the organization's row with every chunk.
 */
export class CreateAuditLog1795252380000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_log (
        id              uuid PRIMARY KEY,
        organization_id uuid,
        chain           text NOT NULL CHECK (chain IN ('changes', 'refusals')),
        sequence        bigint NOT NULL CHECK (sequence > 0),
        occurred_at     timestamptz(3) NOT NULL,
        action          text NOT NULL,
        actor_kind      text NOT NULL CHECK (actor_kind IN ('admin', 'key', 'token', 'system', 'rail', 'anonymous')),
        actor_id        text NOT NULL,
        key_id          text,
        request_id      text,
        resource_type   text NOT NULL,
        resource_id     text NOT NULL,
        reason          text,
        before          jsonb,
        after           jsonb,
        previous_hash   bytea NOT NULL CHECK (length(previous_hash) = 32),
        hash            bytea NOT NULL CHECK (length(hash) = 32),
        CONSTRAINT audit_log_in_order UNIQUE NULLS NOT DISTINCT (organization_id, chain, sequence)
      );
      CREATE INDEX audit_log_of_organization ON audit_log (organization_id, id);
      CREATE INDEX audit_log_of_resource ON audit_log (organization_id, resource_id, id);

      -- Where each chain ends: the last lock of a transaction. Rewritten with every entry, so there is room for that on the page.
      CREATE TABLE audit_heads (
        id              uuid PRIMARY KEY,
        organization_id uuid,
        chain           text NOT NULL CHECK (chain IN ('changes', 'refusals')),
        sequence        bigint NOT NULL DEFAULT 0,
        hash            bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
        UNIQUE NULLS NOT DISTINCT (organization_id, chain)
      ) WITH (fillfactor = 50);

      CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the audit log is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
      CREATE TRIGGER audit_log_is_not_truncated BEFORE TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
      CREATE TRIGGER audit_heads_stay BEFORE DELETE ON audit_heads
        FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
      CREATE TRIGGER audit_heads_are_not_truncated BEFORE TRUNCATE ON audit_heads
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

      -- A row without an organization is nobody's but the platform's.
      ${isolate('audit_log', { privileges: 'SELECT, INSERT' })}
      ${isolate('audit_heads', { privileges: 'SELECT, INSERT, UPDATE' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${expose('audit_log')}
      ${expose('audit_heads')}
      DROP TABLE audit_log, audit_heads;
      DROP FUNCTION refuse_audit_change;
    `);
  }
}
