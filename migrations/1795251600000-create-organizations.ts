import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tenants and their API keys. Of a key only a hash is kept. */
export class CreateOrganizations1795251600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE organizations (
        id         uuid PRIMARY KEY,
        name       text NOT NULL,
        slug       text NOT NULL UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE api_keys (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        public_id       text NOT NULL UNIQUE,
        secret_hash     bytea NOT NULL,
        name            text NOT NULL,
        scopes          text[] NOT NULL,
        created_at      timestamptz NOT NULL DEFAULT now(),
        expires_at      timestamptz,
        revoked_at      timestamptz,
        last_used_at    timestamptz
      );
      CREATE INDEX api_keys_of_organization ON api_keys (organization_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE api_keys, organizations`);
  }
}
