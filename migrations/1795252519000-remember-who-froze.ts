import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the platform froze, only the platform thaws. Of accounts that are frozen already, the audit log says who froze them. */
export class RememberWhoFroze1795252519000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE accounts
        ADD COLUMN frozen_by_platform boolean NOT NULL DEFAULT false,
        ADD CONSTRAINT accounts_frozen_by_platform_check CHECK (status = 'frozen' OR NOT frozen_by_platform);
      -- FORCE holds for the owner as well, who here acts for nobody.
      ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY;
      UPDATE accounts AS a SET frozen_by_platform = true
       WHERE a.status = 'frozen'
         AND 'admin' = (SELECT l.actor_kind FROM audit_log l
                         WHERE l.organization_id = a.organization_id AND l.resource_id = a.id::text
                           AND l.action = 'account.status_changed'
                         ORDER BY l.id DESC LIMIT 1);
      ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
      ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE accounts DROP COLUMN frozen_by_platform`);
  }
}
