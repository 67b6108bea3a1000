import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expose, isolate } from './row-security.js';

/** Tells a submission whether another of its organization was accepted since it looked for duplicates. */
export class CountAcceptances1795252510000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE acceptance_counts (
        organization_id uuid PRIMARY KEY REFERENCES organizations,
        accepted        bigint NOT NULL CHECK (accepted > 0)
      ) WITH (fillfactor = 50);
      ${isolate('acceptance_counts', { privileges: 'SELECT, INSERT, UPDATE' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${expose('acceptance_counts')}
      DROP TABLE acceptance_counts;
    `);
  }
}
