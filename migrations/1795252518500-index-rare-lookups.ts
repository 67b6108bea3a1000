import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is rare, or not there at all, was looked for in all that an organization ever did. */
export class IndexRareLookups1795252518500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- By a status that few have: most of a history is completed.
      CREATE INDEX bulk_requests_not_completed ON bulk_requests (organization_id, status, id) WHERE status <> 'completed';
      -- A column, because row level security lets no index be searched by an operator that might tell what it sees, as ->> might.
      ALTER TABLE bulk_requests ADD COLUMN kind text GENERATED ALWAYS AS (metadata ->> 'kind') STORED;
      CREATE INDEX bulk_requests_of_kind ON bulk_requests (organization_id, debtor_account_id, kind, id) WHERE origin IS NULL;

      CREATE INDEX audit_log_of_action ON audit_log (organization_id, action, id);
      CREATE INDEX audit_log_of_actor ON audit_log (organization_id, actor_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX audit_log_of_action, audit_log_of_actor, bulk_requests_of_kind, bulk_requests_not_completed;
      ALTER TABLE bulk_requests DROP COLUMN kind;
    `);
  }
}
