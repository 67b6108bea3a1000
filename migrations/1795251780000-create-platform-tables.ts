import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The outbox, idempotency keys, and the epoch that tells whether Redis still holds what was put there. */
export class CreatePlatformTables1795251780000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A row is a job that must run. It goes when its handler has run, not when it was handed to the queue.
      CREATE TABLE outbox (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL,
        job             text NOT NULL,
        payload         jsonb NOT NULL,
        dedupe_key      text UNIQUE,
        request_id      text,
        generation      integer NOT NULL DEFAULT 0,
        available_at    timestamptz NOT NULL DEFAULT now(),
        created_at      timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX outbox_available ON outbox (available_at);

      CREATE TABLE idempotency_keys (
        organization_id uuid NOT NULL,
        operation       text NOT NULL,
        key             text NOT NULL,
        body_hash       bytea NOT NULL,
        status          smallint,
        body            text,
        location        text,
        resource_id     uuid,
        created_at      timestamptz NOT NULL DEFAULT now(),
        expires_at      timestamptz NOT NULL,
        PRIMARY KEY (organization_id, operation, key)
      );
      CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

      CREATE TABLE queue_epoch (
        singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        epoch      uuid NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE queue_epoch, idempotency_keys, outbox`);
  }
}
