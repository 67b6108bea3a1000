import type { MigrationInterface, QueryRunner } from 'typeorm';

const PROVEN = ['accounts', 'holds', 'ledger_entries'];

/**
 * No transaction can leave an account out of balance, whoever writes it: by how much `posted` and `reserved` changed is held against the
 * entries and holds of the same transaction when it commits (ADR 0016). Set-based and once for each transaction, so that a chunk of
 * hundreds of lines pays for it as much as a single one.
 */
export class ProveBalances1795252290000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What the transactions under way have to prove: entries and holds count up, balances count down. No row outlives its transaction,
      -- so nothing of it needs to survive a crash.
      CREATE UNLOGGED TABLE balance_changes (
        account_id     uuid NOT NULL,
        posted_minor   numeric NOT NULL,
        reserved_minor numeric NOT NULL
      );
      -- One row for each statement that changed something: what the deferred trigger hangs on.
      CREATE UNLOGGED TABLE balance_proofs_due (statement text NOT NULL);

      -- Row level security holds for the owner of the tables, too, and the functions below are the owner's.
      ${PROVEN.map((table) => `CREATE POLICY proven_rows ON ${table} FOR SELECT TO CURRENT_USER USING (true);`).join('\n')}

      CREATE FUNCTION note_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      BEGIN
        INSERT INTO balance_changes
          SELECT account_id, sum(amount_minor), 0
            FROM (SELECT credit_account_id AS account_id, amount_minor FROM entered
                  UNION ALL SELECT debit_account_id, -amount_minor FROM entered) AS leg
           GROUP BY account_id;
        INSERT INTO balance_proofs_due VALUES ('entries');
        RETURN NULL;
      END $$;

      CREATE FUNCTION note_holds() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      BEGIN
        IF TG_OP <> 'INSERT' THEN
          INSERT INTO balance_changes
            SELECT account_id, 0, captured_minor + released_minor - amount_minor FROM before_change;
        END IF;
        IF TG_OP <> 'DELETE' THEN
          INSERT INTO balance_changes
            SELECT account_id, 0, amount_minor - captured_minor - released_minor FROM after_change;
        END IF;
        INSERT INTO balance_proofs_due VALUES ('holds');
        RETURN NULL;
      END $$;

      CREATE FUNCTION note_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN
          INSERT INTO balance_changes
            SELECT id, -posted_minor, -reserved_minor FROM after_change WHERE posted_minor <> 0 OR reserved_minor <> 0;
        ELSE
          INSERT INTO balance_changes
            SELECT id, o.posted_minor - n.posted_minor, o.reserved_minor - n.reserved_minor
              FROM before_change o JOIN after_change n USING (id)
             WHERE (o.posted_minor, o.reserved_minor) <> (n.posted_minor, n.reserved_minor);
        END IF;
        IF FOUND THEN INSERT INTO balance_proofs_due VALUES ('balances'); END IF;
        RETURN NULL;
      END $$;

      CREATE FUNCTION prove_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

      CREATE TRIGGER entries_are_noted AFTER INSERT ON ledger_entries
        REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION note_entries();
      CREATE TRIGGER new_holds_are_noted AFTER INSERT ON holds
        REFERENCING NEW TABLE AS after_change FOR EACH STATEMENT EXECUTE FUNCTION note_holds();
      CREATE TRIGGER changed_holds_are_noted AFTER UPDATE ON holds
        REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change FOR EACH STATEMENT EXECUTE FUNCTION note_holds();
      CREATE TRIGGER deleted_holds_are_noted AFTER DELETE ON holds
        REFERENCING OLD TABLE AS before_change FOR EACH STATEMENT EXECUTE FUNCTION note_holds();
      CREATE TRIGGER new_accounts_are_noted AFTER INSERT ON accounts
        REFERENCING NEW TABLE AS after_change FOR EACH STATEMENT EXECUTE FUNCTION note_balances();
      CREATE TRIGGER changed_accounts_are_noted AFTER UPDATE ON accounts
        REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change FOR EACH STATEMENT EXECUTE FUNCTION note_balances();
      CREATE CONSTRAINT TRIGGER balances_are_proven AFTER INSERT ON balance_proofs_due
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prove_balances();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER entries_are_noted ON ledger_entries;
      DROP TRIGGER new_holds_are_noted ON holds;
      DROP TRIGGER changed_holds_are_noted ON holds;
      DROP TRIGGER deleted_holds_are_noted ON holds;
      DROP TRIGGER new_accounts_are_noted ON accounts;
      DROP TRIGGER changed_accounts_are_noted ON accounts;
      ${PROVEN.map((table) => `DROP POLICY proven_rows ON ${table};`).join('\n')}
      DROP TABLE balance_proofs_due, balance_changes;
      DROP FUNCTION note_entries, note_holds, note_balances, prove_balances;
    `);
  }
}
