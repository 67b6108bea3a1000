import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expose, isolate } from './row-security.js';

const OWN = {
  webhook_endpoints: isolate('webhook_endpoints', {
    privileges: 'SELECT, INSERT, UPDATE',
    discovery: [
      'SELECT (id, organization_id, status, ordered, max_concurrency, bulk_id, created_at, deleted_at)',
      'DELETE',
    ],
  }),
  webhook_secrets: isolate('webhook_secrets', { privileges: 'SELECT, INSERT, UPDATE, DELETE' }),
  webhook_deliveries: isolate('webhook_deliveries', {
    privileges: 'SELECT, INSERT, UPDATE',
    discovery: ['SELECT', 'UPDATE', 'DELETE'],
  }),
  webhook_attempts: isolate('webhook_attempts', { privileges: 'SELECT, INSERT', discovery: ['INSERT'] }),
} as const;

/** Who is told of events, with what secret, and what became of every telling. */
export class CreateWebhooks1795252580000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webhook_endpoints (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        url             text NOT NULL,
        description     text NOT NULL DEFAULT '',
        -- Filters: a type, all of a noun, or all.
        types           text[] NOT NULL CHECK (cardinality(types) > 0),
        line_events     boolean NOT NULL DEFAULT true,
        ordered         boolean NOT NULL DEFAULT false,
        max_concurrency smallint NOT NULL DEFAULT 5 CHECK (max_concurrency BETWEEN 1 AND 50),
        status          text NOT NULL DEFAULT 'enabled' CHECK (status IN ('enabled', 'disabled')),
        disabled_reason text CHECK (disabled_reason IN ('asked', 'gone', 'failing')),
        -- Of a one-off endpoint: the bulk request whose callback_url it is.
        bulk_id         uuid UNIQUE REFERENCES bulk_requests,
        -- The organization's last event when it was made: it is told of what comes after,
        start_sequence  bigint NOT NULL,
        -- up to the last one when it was disabled,
        stop_sequence   bigint,
        -- and of what comes after the last one when it was enabled again. Of earlier pauses nothing is kept (see start_sequence).
        resume_sequence bigint,
        -- Since when no delivery has succeeded, and some have failed, none of them long before the next.
        failing_since   timestamptz,
        last_failed_at  timestamptz,
        tested_at       timestamptz,
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        deleted_at      timestamptz,
        CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
        CHECK ((status = 'disabled') = (stop_sequence IS NOT NULL AND resume_sequence IS NULL)),
        CHECK (resume_sequence >= stop_sequence)
      );
      CREATE INDEX webhook_endpoints_of_organization ON webhook_endpoints (organization_id, id)
        WHERE bulk_id IS NULL AND deleted_at IS NULL;
      CREATE INDEX webhook_endpoints_one_off ON webhook_endpoints (organization_id)
        WHERE bulk_id IS NOT NULL AND deleted_at IS NULL AND status = 'enabled';
      -- What was disabled before everything until then was looked at.
      CREATE INDEX webhook_endpoints_stopped ON webhook_endpoints (organization_id, stop_sequence)
        WHERE bulk_id IS NOT NULL AND deleted_at IS NULL AND status = 'disabled';
      -- What the purge looks through.
      CREATE INDEX webhook_endpoints_to_purge ON webhook_endpoints (created_at)
        WHERE bulk_id IS NOT NULL OR deleted_at IS NOT NULL;

      -- Of an endpoint, or of the organization: the one that callback URLs are signed with.
      CREATE TABLE webhook_secrets (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        endpoint_id     uuid REFERENCES webhook_endpoints ON DELETE CASCADE,
        sealed          bytea NOT NULL,
        created_at      timestamptz NOT NULL DEFAULT now(),
        -- Of one that was replaced: until when it still signs, beside its successor.
        expires_at      timestamptz
      );
      CREATE UNIQUE INDEX webhook_secrets_of_endpoint ON webhook_secrets (endpoint_id) WHERE expires_at IS NULL;
      CREATE UNIQUE INDEX webhook_secrets_of_organization ON webhook_secrets (organization_id)
        WHERE endpoint_id IS NULL AND expires_at IS NULL;
      CREATE INDEX webhook_secrets_owned ON webhook_secrets (organization_id, endpoint_id);

      -- One event for one endpoint. What it says is read from the log when it is sent.
      CREATE TABLE webhook_deliveries (
        id                uuid PRIMARY KEY,
        organization_id   uuid NOT NULL,
        endpoint_id       uuid NOT NULL REFERENCES webhook_endpoints,
        -- What takes turns: its endpoint; or its organization, for all of whose one-off endpoints it stands.
        lane              uuid NOT NULL,
        event_id          text NOT NULL,
        event_type        text NOT NULL,
        sequence          bigint NOT NULL,
        status            text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivering', 'succeeded', 'failed')),
        attempts          integer NOT NULL DEFAULT 0,
        -- Since it was made, or was asked to be sent again: where in the schedule it is.
        attempts_in_round integer NOT NULL DEFAULT 0,
        next_attempt_at   timestamptz NOT NULL DEFAULT now(),
        -- Which handing out this is: a job of an earlier one does nothing.
        claim             integer NOT NULL DEFAULT 0,
        lease_until       timestamptz,
        -- Of the attempt that is under way; null while its job waits to be taken.
        begun_at          timestamptz,
        -- Somebody asked for the next attempt.
        manual            boolean NOT NULL DEFAULT false,
        last_status_code  smallint,
        last_failure      text,
        created_at        timestamptz NOT NULL DEFAULT now(),
        finished_at       timestamptz,
        UNIQUE (endpoint_id, sequence),
        CHECK ((status = 'delivering') = (lease_until IS NOT NULL))
      ) WITH (fillfactor = 70);
      -- The work list. Lanes are found by hopping from one to the next: what waits in one of them costs the others nothing.
      CREATE INDEX webhook_deliveries_due ON webhook_deliveries (lane, next_attempt_at, sequence) WHERE status = 'pending';
      CREATE INDEX webhook_deliveries_soonest ON webhook_deliveries (next_attempt_at) WHERE status = 'pending';
      CREATE INDEX webhook_deliveries_open ON webhook_deliveries (endpoint_id, sequence) WHERE status IN ('pending', 'delivering');
      CREATE INDEX webhook_deliveries_out ON webhook_deliveries (lease_until) WHERE status = 'delivering';
      CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (organization_id, id);
      CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, id);
      CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (organization_id, id) WHERE status = 'failed';
      -- What the purge looks through. No BRIN: the blocks it empties are filled with what is new.
      CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (created_at);

      CREATE TABLE webhook_attempts (
        delivery_id     uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
        organization_id uuid NOT NULL,
        attempt         integer NOT NULL,
        started_at      timestamptz NOT NULL,
        duration_ms     integer NOT NULL,
        status_code     smallint,
        failure         text,
        manual          boolean NOT NULL,
        PRIMARY KEY (delivery_id, attempt)
      );

      ${Object.values(OWN).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${Object.keys(OWN).map(expose).join('\n')}
      DROP TABLE webhook_attempts, webhook_deliveries, webhook_secrets, webhook_endpoints;
    `);
  }
}
