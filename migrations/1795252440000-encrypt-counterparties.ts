import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Counterparty IBANs are stored encrypted, and found by a keyed digest. The keys are not the database's, so rows that are there keep their
 * text until `npm run db:rotate-keys` has sealed them; nothing writes it any more. Stored answers may show an IBAN: they are sealed, too.
 */
export class EncryptCounterparties1795252440000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE transfers
        ADD COLUMN counterparty_iban_sealed bytea,
        ADD COLUMN counterparty_index bigint,
        ALTER COLUMN counterparty_iban DROP NOT NULL,
        -- Already compressed as far as it goes: encrypted bytes have no pattern.
        ALTER COLUMN counterparty_iban_sealed SET STORAGE EXTERNAL,
        ADD CONSTRAINT transfers_counterparty_sealed_or_plain CHECK (
          (counterparty_iban IS NULL) <> (counterparty_iban_sealed IS NULL)
          AND (counterparty_index IS NULL) = (counterparty_iban_sealed IS NULL)) NOT VALID;
      -- All rows of now are plain and hold it.
      ALTER TABLE transfers VALIDATE CONSTRAINT transfers_counterparty_sealed_or_plain;
      CREATE INDEX transfers_of_counterparty ON transfers (counterparty_index, id) WHERE counterparty_index IS NOT NULL;
      -- Empty as soon as the keys have been rotated once.
      CREATE INDEX transfers_unsealed ON transfers (organization_id, counterparty_iban, id) WHERE counterparty_iban IS NOT NULL;

      ALTER TABLE idempotency_keys
        ADD COLUMN body_sealed bytea,
        ADD CONSTRAINT idempotency_keys_body_sealed_or_plain CHECK (num_nonnulls(body, body_sealed) <= 1);
    `);
  }

  /** Only while nothing is sealed: what is cannot be opened here. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM idempotency_keys WHERE body_sealed IS NOT NULL;
      ALTER TABLE idempotency_keys DROP COLUMN body_sealed;
      DROP INDEX transfers_of_counterparty, transfers_unsealed;
      ALTER TABLE transfers
        DROP CONSTRAINT transfers_counterparty_sealed_or_plain,
        ALTER COLUMN counterparty_iban SET NOT NULL,
        DROP COLUMN counterparty_iban_sealed,
        DROP COLUMN counterparty_index;
    `);
  }
}
