import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expose, isolate } from './row-security.js';

/** Keyed hashes, rotation with an overlap, signed requests. */
export class HardenApiKeys1795252320000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_keys
        -- The ring key that secret_hash was made under; NULL: a plain SHA-256, as it was before there was a ring.
        ADD COLUMN hash_key_id bigint,
        -- The first key of a line of rotations: whoever holds one of them is the same actor.
        ADD COLUMN lineage_id uuid,
        ADD COLUMN successor_id uuid REFERENCES api_keys DEFERRABLE INITIALLY DEFERRED,
        -- Sealed; NULL: the key does not sign its requests.
        ADD COLUMN signing_secret bytea;
      -- FORCE holds for the owner as well, who here acts for nobody.
      ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY;
      UPDATE api_keys SET lineage_id = id;
      ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
      ALTER TABLE api_keys ALTER COLUMN lineage_id SET NOT NULL;

      CREATE TABLE request_nonces (
        organization_id uuid NOT NULL REFERENCES organizations,
        api_key_id      uuid NOT NULL REFERENCES api_keys,
        nonce           text NOT NULL,
        expires_at      timestamptz NOT NULL,
        PRIMARY KEY (api_key_id, nonce)
      );
      CREATE INDEX request_nonces_by_expiry ON request_nonces (expires_at);
      ${isolate('request_nonces', {
        privileges: 'SELECT, INSERT',
        discovery: ['SELECT (api_key_id, nonce, expires_at)', 'DELETE'],
      })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${expose('request_nonces')}
      DROP TABLE request_nonces;
      ALTER TABLE api_keys
        DROP COLUMN signing_secret, DROP COLUMN successor_id, DROP COLUMN lineage_id, DROP COLUMN hash_key_id;
    `);
  }
}
