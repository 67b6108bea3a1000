import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lists by a rare status are read from indexes that hold nothing else: with five million transfers, looking for the few that failed took
 * as long as reading all of them. All rare states set `attention` from now on, the terminal ones included.
 */
export class IndexRareStates1795252140000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE transfers SET attention = status WHERE status IN ('failed', 'cancelled', 'returned');
      CREATE INDEX transfers_in_rare_state ON transfers (organization_id, attention, id) WHERE attention IS NOT NULL;
      CREATE INDEX transfers_of_bulk_in_rare_state ON transfers (bulk_id, attention, line) WHERE attention IS NOT NULL;
      -- Last: it is what keeps readers out, until the end of the transaction.
      DROP INDEX transfers_needing_attention;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX transfers_in_rare_state, transfers_of_bulk_in_rare_state;
      UPDATE transfers SET attention = NULL WHERE status IN ('failed', 'cancelled', 'returned');
      CREATE INDEX transfers_needing_attention ON transfers (attention, id) WHERE attention IS NOT NULL;
    `);
  }
}
