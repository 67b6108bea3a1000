import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the sandbox rail did: it plays the bank, so this is the bank's own record, asked after a crash. One row a
 * reference; `submissions` counts how often that reference arrived.
 */
export class CreateSandboxJournal1795251960000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sandbox_journal (
        reference    text PRIMARY KEY,
        status       text NOT NULL CHECK (status IN ('settled', 'accepted', 'rejected')),
        reason_code  text,
        amount_minor bigint NOT NULL,
        currency     text NOT NULL,
        submissions  integer NOT NULL DEFAULT 1,
        received_at  timestamptz NOT NULL DEFAULT now(),
        settles_at   timestamptz,
        returns_at   timestamptz,
        noticed_at   timestamptz
      );
      CREATE INDEX sandbox_journal_returns ON sandbox_journal (returns_at) WHERE returns_at IS NOT NULL AND noticed_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE sandbox_journal`);
  }
}
