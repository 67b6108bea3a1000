import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Accounts with their balances, and holds. Amounts are minor units. `posted_minor` is credits minus debits and changes only in
 * the transaction that inserts the entries; `reserved_minor` is the sum of the open holds.
 */
export class CreateAccounts1795251660000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE accounts (
        id                    uuid PRIMARY KEY,
        organization_id       uuid NOT NULL REFERENCES organizations,
        kind                  text NOT NULL CHECK (kind IN ('customer', 'clearing', 'suspense', 'fees', 'fx', 'bank')),
        rail                  text,
        name                  text NOT NULL,
        iban                  text,
        bic                   text,
        currency              text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        status                text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'frozen', 'closed')),
        verified_at           timestamptz,
        posted_minor          bigint NOT NULL DEFAULT 0,
        reserved_minor        bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
        -- NULL: no limit. System accounts mirror what happened outside, so nothing may refuse to be booked on them.
        overdraft_limit_minor bigint CHECK (overdraft_limit_minor >= 0),
        created_at            timestamptz NOT NULL DEFAULT now(),
        CHECK (kind <> 'customer' OR overdraft_limit_minor IS NOT NULL),
        CHECK (posted_minor - reserved_minor >= -overdraft_limit_minor),
        CHECK (status <> 'closed' OR (posted_minor = 0 AND reserved_minor = 0)),
        UNIQUE (id, currency),
        UNIQUE (organization_id, iban)
      ) WITH (fillfactor = 50);
      CREATE UNIQUE INDEX accounts_verified_iban ON accounts (iban) WHERE verified_at IS NOT NULL;
      CREATE UNIQUE INDEX accounts_of_system ON accounts (organization_id, kind, coalesce(rail, ''), currency)
        WHERE kind <> 'customer';
      CREATE INDEX accounts_of_organization ON accounts (organization_id, id);

      CREATE TABLE holds (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        account_id      uuid NOT NULL,
        currency        text NOT NULL,
        purpose         text NOT NULL,
        reference_id    uuid NOT NULL,
        amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
        captured_minor  bigint NOT NULL DEFAULT 0 CHECK (captured_minor >= 0),
        released_minor  bigint NOT NULL DEFAULT 0 CHECK (released_minor >= 0),
        created_at      timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (account_id, currency) REFERENCES accounts (id, currency),
        CHECK (captured_minor + released_minor <= amount_minor),
        UNIQUE (purpose, reference_id)
      ) WITH (fillfactor = 50);
      CREATE INDEX holds_of_account ON holds (account_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE holds, accounts`);
  }
}
