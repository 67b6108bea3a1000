import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ORGANIZATION } from './row-security.js';

/** They act with the rights of the owner, for the tables that their triggers are on and for no others. */
const OWNERS_FUNCTIONS = 'note_entries, note_holds, note_balances, prove_balances';

const NOTED = ['balance_changes', 'balance_proofs_due'];

const findByTransaction = (table: string): string => `
  ALTER TABLE ${table} ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id();
  CREATE INDEX ${table}_of_transaction ON ${table} (xact);
  -- No share of a table that is always empty, and without pauses: what is dead is all there is.
  ALTER TABLE ${table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);`;

/** What the roles were given by default, or because it was easier to say, and must not have; and proofs that stay short. */
export class HardenRoles1795252518000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Asked for when a trigger is made, and not when it fires: on a table of its own, a role could have noted what was never booked.
      REVOKE EXECUTE ON FUNCTION ${OWNERS_FUNCTIONS} FROM PUBLIC;
      -- Else a temporary table of that name would say which accounts there are.
      ALTER FUNCTION check_ledger_accounts() SET search_path = public, pg_temp;

      -- Keys are made by the platform. One that an organization could write would open whatever its scopes say.
      REVOKE INSERT, UPDATE ON api_keys, organizations FROM ${ORGANIZATION};
      ALTER TABLE api_keys ADD CONSTRAINT api_keys_are_of_organizations CHECK (array_position(scopes, 'admin') IS NULL);

      -- Every row is deleted by who wrote it, and stays on its page for as long as anybody's snapshot is older: each commit read them all.
      ${NOTED.map(findByTransaction).join('\n')}
      -- An account whose changes do not match is summed up in a loop: as a condition of a join the sums were made for every account the
      -- join could meet, before it was known whether there was any. Both tables look empty to the planner, whatever is in them.
      CREATE OR REPLACE FUNCTION prove_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
        SET enable_seqscan = off AS $$
      DECLARE
        own CONSTANT xid8 := pg_current_xact_id();
        changed uuid;
      BEGIN
        FOR changed IN SELECT account_id FROM balance_changes WHERE xact = own GROUP BY account_id
                       HAVING sum(posted_minor) <> 0 OR sum(reserved_minor) <> 0 LOOP
          -- Changes that do not match may be what puts an account right: then all of its entries and holds decide.
          PERFORM FROM accounts a
            WHERE a.id = changed
              AND (a.posted_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE credit_account_id = a.id)
                                   - (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE debit_account_id = a.id)
                OR a.reserved_minor <> (SELECT coalesce(sum(amount_minor - captured_minor - released_minor), 0)
                                          FROM holds WHERE account_id = a.id));
          IF FOUND THEN
            RAISE EXCEPTION 'account % would not be the sum of its entries and holds', changed
              USING ERRCODE = 'integrity_constraint_violation', TABLE = 'accounts', CONSTRAINT = 'accounts_are_balanced';
          END IF;
        END LOOP;
        -- Those of other transactions are not visible, and ours are proven: the other rows that fire this find nothing left to do.
        DELETE FROM balance_changes WHERE xact = own;
        DELETE FROM balance_proofs_due WHERE xact = own;
        RETURN NULL;
      END $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION prove_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      DECLARE
        unproven uuid;
      BEGIN
        -- Changes that do not match may be what puts an account right: then all of its entries and holds decide.
        SELECT a.id INTO unproven
          FROM (SELECT account_id FROM balance_changes GROUP BY account_id
                HAVING sum(posted_minor) <> 0 OR sum(reserved_minor) <> 0) AS c
          JOIN accounts a ON a.id = c.account_id
         WHERE a.posted_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE credit_account_id = a.id)
                               - (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE debit_account_id = a.id)
            OR a.reserved_minor <> (SELECT coalesce(sum(amount_minor - captured_minor - released_minor), 0)
                                      FROM holds WHERE account_id = a.id)
         LIMIT 1;
        IF FOUND THEN
          RAISE EXCEPTION 'account % would not be the sum of its entries and holds', unproven
            USING ERRCODE = 'integrity_constraint_violation', TABLE = 'accounts', CONSTRAINT = 'accounts_are_balanced';
        END IF;
        -- Those of other transactions are not visible, and ours are proven: the other rows that fire this find nothing left to do.
        DELETE FROM balance_changes;
        DELETE FROM balance_proofs_due;
        RETURN NULL;
      END $$;
      ${NOTED.map(
        (table) => `
          ALTER TABLE ${table} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay);
          ALTER TABLE ${table} DROP COLUMN xact;`,
      ).join('\n')}
      ALTER TABLE api_keys DROP CONSTRAINT api_keys_are_of_organizations;
      GRANT INSERT, UPDATE ON api_keys, organizations TO ${ORGANIZATION};
      ALTER FUNCTION check_ledger_accounts() RESET search_path;
      GRANT EXECUTE ON FUNCTION ${OWNERS_FUNCTIONS} TO PUBLIC;
    `);
  }
}
