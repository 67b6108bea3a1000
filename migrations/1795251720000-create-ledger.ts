import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Double entry by construction: one row debits one account and credits another by the same amount. Rows never change; a
 * correction is a new row. An entry across currencies, or of an account that does not exist, is refused by a trigger that checks a
 * whole statement at once: row by row, composite foreign keys took more than half of the time of booking a chunk (ADR 0010).
 */
export class CreateLedger1795251720000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ledger_entries (
        id                uuid PRIMARY KEY,
        organization_id   uuid NOT NULL,
        debit_account_id  uuid NOT NULL,
        credit_account_id uuid NOT NULL CHECK (credit_account_id <> debit_account_id),
        amount_minor      bigint NOT NULL CHECK (amount_minor > 0),
        currency          text NOT NULL,
        kind              text NOT NULL,
        transfer_id       uuid,
        reference         text,
        created_at        timestamptz NOT NULL DEFAULT now()
      );
      -- A transfer settles at most once, is delivered at most once and comes back at most once.
      CREATE UNIQUE INDEX ledger_entries_once ON ledger_entries (transfer_id, kind) WHERE transfer_id IS NOT NULL;
      CREATE INDEX ledger_entries_of_debit_account ON ledger_entries (debit_account_id, id);
      CREATE INDEX ledger_entries_of_credit_account ON ledger_entries (credit_account_id, id);

      CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'ledger entries are immutable: % refused', TG_OP USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER ledger_entries_are_immutable BEFORE UPDATE OR DELETE ON ledger_entries
        FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
      -- Row triggers do not fire on TRUNCATE.
      CREATE TRIGGER ledger_entries_are_not_truncated BEFORE TRUNCATE ON ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();

      CREATE FUNCTION check_ledger_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (
          SELECT 1 FROM (SELECT debit_account_id AS account_id, currency FROM entered
                         UNION SELECT credit_account_id, currency FROM entered) AS e
           WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = e.account_id AND a.currency = e.currency)
        ) THEN
          RAISE EXCEPTION 'a ledger entry names an account that does not exist in its currency'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'ledger_entries', CONSTRAINT = 'ledger_entries_accounts';
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER ledger_entries_have_accounts AFTER INSERT ON ledger_entries
        REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION check_ledger_accounts();

      -- The other half of that promise: an account keeps its id and currency, and stays.
      CREATE FUNCTION refuse_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'accounts keep their id and currency, and stay: % refused', TG_OP
          USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER accounts_keep_id_and_currency BEFORE UPDATE OF id, currency ON accounts
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_account_change();
      CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION refuse_account_change();
      CREATE TRIGGER accounts_are_not_truncated BEFORE TRUNCATE ON accounts
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_account_change();

      CREATE TABLE bank_transactions (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        account_id      uuid NOT NULL,
        currency        text NOT NULL,
        amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
        direction       text NOT NULL CHECK (direction IN ('credit', 'debit')),
        status          text NOT NULL CHECK (status IN ('success', 'fail')),
        reason          text NOT NULL,
        failure_reason  text,
        created_at      timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (account_id, currency) REFERENCES accounts (id, currency),
        CHECK ((status = 'fail') = (failure_reason IS NOT NULL))
      );
      CREATE INDEX bank_transactions_of_organization ON bank_transactions (organization_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER accounts_keep_id_and_currency ON accounts;
      DROP TRIGGER accounts_stay ON accounts;
      DROP TRIGGER accounts_are_not_truncated ON accounts;
      DROP TABLE bank_transactions, ledger_entries;
      DROP FUNCTION refuse_account_change, check_ledger_accounts, refuse_ledger_change;
    `);
  }
}
