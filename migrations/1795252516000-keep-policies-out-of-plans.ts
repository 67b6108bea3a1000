import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Gives every policy that compares organizations `to` as its expression, where it has `from`. */
const rewrite = (from: string, to: string): string => `
  DO $$
  DECLARE
    policy record;
  BEGIN
    FOR policy IN SELECT tablename FROM pg_policies
                   WHERE schemaname = 'public' AND policyname = 'own_rows' AND qual = '${from}' LOOP
      EXECUTE format('ALTER POLICY own_rows ON %I USING (${to}) WITH CHECK (${to})', policy.tablename);
    END LOOP;
  END $$`;

const EQUALITY = '(organization_id = ( SELECT acting_organization() AS acting_organization))';
const FILTER = `(${EQUALITY} IS TRUE)`;

/**
 * A policy filters, and finds nothing: as a plain equality it was offered to every index on `organization_id`, and the planner, which
 * cannot know the organization, believed it to have few rows. It went through all transfers of an organization to move those of a chunk.
 * Statements that look for rows by organization say so themselves.
 */
export class KeepPoliciesOutOfPlans1795252516000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(rewrite(EQUALITY, '(organization_id = (SELECT acting_organization())) IS TRUE'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(rewrite(FILTER, 'organization_id = (SELECT acting_organization())'));
  }
}
