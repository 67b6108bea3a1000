import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every organization has a head of its `changes` from now on, also one that is older than the log and has done nothing since: where there
 * is none, it was taken away. An organization that is made later begins its chain itself.
 */
export class BeginAuditChains1795252518700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- FORCE holds for the owner as well, who here acts for nobody.
      ALTER TABLE organizations NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE audit_heads NO FORCE ROW LEVEL SECURITY;
      INSERT INTO audit_heads (id, organization_id, chain) SELECT gen_random_uuid(), o.id, 'changes' FROM organizations o
        ON CONFLICT (organization_id, chain) DO NOTHING;
      ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;
      ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
    `);
  }

  /** Heads stay: nobody may delete them, and an empty one says what none said before. */
  async down(): Promise<void> {}
}
