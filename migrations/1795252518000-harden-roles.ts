import type { MigrationInterface, QueryRunner } from 'typeorm';

/** They act with the rights of the owner, for the tables that their triggers are on and for no others. */
const OWNERS_FUNCTIONS = 'note_entries, note_holds, note_balances, prove_balances';

/** What the roles were given by default, or because it was easier to say, and must not have. */
export class HardenRoles1795252518000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Asked for when a trigger is made, and not when it fires: on a table of its own, a role could have noted what was never booked.
      REVOKE EXECUTE ON FUNCTION ${OWNERS_FUNCTIONS} FROM PUBLIC;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      GRANT EXECUTE ON FUNCTION ${OWNERS_FUNCTIONS} TO PUBLIC;
    `);
  }
}
