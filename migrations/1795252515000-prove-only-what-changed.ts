import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The sums over all entries and holds of an account are for accounts whose changes do not match. As a condition of a join they were
 * evaluated for every account the join could meet, before it was known whether there was any: each commit read the whole ledger.
 */
export class ProveOnlyWhatChanged1795252515000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION prove_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      DECLARE
        changed uuid;
      BEGIN
        FOR changed IN SELECT account_id FROM balance_changes GROUP BY account_id
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
        DELETE FROM balance_changes;
        DELETE FROM balance_proofs_due;
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
    `);
  }
}
