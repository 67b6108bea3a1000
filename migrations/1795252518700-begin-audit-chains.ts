import type { MigrationInterface, QueryRunner } from 'typeorm';
import { PLATFORM } from './row-security.js';

/**
 * Every organization has a head of its `changes` from now on, also one that is older than the log and has done nothing since: where there
 * is none, it was taken away. An organization that is made later begins its chain itself.
 */
export class BeginAuditChains1795252518700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      SET LOCAL ROLE ${PLATFORM};
      INSERT INTO audit_heads (id, organization_id, chain) SELECT gen_random_uuid(), o.id, 'changes' FROM organizations o
        ON CONFLICT (organization_id, chain) DO NOTHING;
      RESET ROLE;
    `);
  }

  /** Heads stay: nobody may delete them, and an empty one says what none said before. */
  async down(): Promise<void> {}
}
