import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Double entry by construction: one row debits one account and credits another by the same amount. Rows never change;
 * a correction is a new row. The composite foreign keys make an entry across currencies impossible.
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
        created_at        timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (debit_account_id, currency) REFERENCES accounts (id, currency),
        FOREIGN KEY (credit_account_id, currency) REFERENCES accounts (id, currency)
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
    await runner.query(`DROP TABLE bank_transactions, ledger_entries; DROP FUNCTION refuse_ledger_change()`);
  }
}
