import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Control and doubt: bulks and transfers made out of others (a retry, a reversal), kill switches, since when an answer is waited for,
 * and evidence that has to be looked at by a person.
 */
export class AddControl1795252020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE bulk_requests
        -- A retry pays failed lines again; a reversal takes settled ones back.
        ADD COLUMN origin text CHECK (origin IN ('retry', 'reversal')),
        ADD COLUMN origin_id uuid REFERENCES bulk_requests,
        ADD COLUMN completion_failures integer NOT NULL DEFAULT 0,
        ADD CHECK ((origin IS NULL) = (origin_id IS NULL));
      CREATE INDEX bulk_requests_of_origin ON bulk_requests (origin_id) WHERE origin_id IS NOT NULL;

      ALTER TABLE transfers ADD COLUMN origin_transfer_id uuid;
      -- A failed transfer is paid again once, a settled one taken back once.
      CREATE UNIQUE INDEX transfers_once_per_origin ON transfers (origin_transfer_id) WHERE origin_transfer_id IS NOT NULL;

      -- Inquiries about the same lines inherit it from each other: deadlines count from the first.
      ALTER TABLE chunks ADD COLUMN waiting_since timestamptz NOT NULL DEFAULT now();

      ALTER TABLE rail_evidence
        -- What makes no sense yet is looked at again then, behind everything else.
        ADD COLUMN retry_at timestamptz NOT NULL DEFAULT now(),
        -- When reconciliation opened a break about it.
        ADD COLUMN reported_at timestamptz;
      CREATE INDEX rail_evidence_unreported ON rail_evidence (received_at, id)
        WHERE outcome IN ('contradiction', 'unmatched') AND reported_at IS NULL;

      -- A row is an engaged switch. Read under a shared advisory lock that engaging takes alone (ADR 0011).
      CREATE TABLE kill_switches (
        scope      text NOT NULL CHECK (scope IN ('rail', 'organization')),
        target     text NOT NULL,
        reason     text NOT NULL,
        engaged_by text NOT NULL,
        engaged_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (scope, target)
      );

      -- The reference of the payment this one takes back.
      ALTER TABLE sandbox_journal ADD COLUMN reverses text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sandbox_journal DROP COLUMN reverses;
      DROP TABLE kill_switches;
      DROP INDEX rail_evidence_unreported;
      ALTER TABLE rail_evidence DROP COLUMN reported_at, DROP COLUMN retry_at;
      ALTER TABLE chunks DROP COLUMN waiting_since;
      ALTER TABLE transfers DROP COLUMN origin_transfer_id;
      ALTER TABLE bulk_requests DROP COLUMN completion_failures, DROP COLUMN origin_id, DROP COLUMN origin;
    `);
  }
}
