import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expose, isolate } from './row-security.js';

const OWN = {
  notification_channels: isolate('notification_channels', { privileges: 'SELECT, INSERT, UPDATE, DELETE' }),
  notification_rules: isolate('notification_rules', { privileges: 'SELECT, INSERT, UPDATE, DELETE' }),
  notifications: isolate('notifications', {
    privileges: 'SELECT, INSERT, UPDATE',
    discovery: [
      'SELECT (id, organization_id, channel_id, channel_kind, status, next_attempt_at, lease_until, created_at)',
      'DELETE',
    ],
  }),
} as const;

/** Who is told by mail or chat of what happens, and every time that somebody was, or should have been. */
export class CreateNotifications1795252640000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE notification_channels (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        kind            text NOT NULL CHECK (kind IN ('email', 'slack')),
        name            text NOT NULL,
        -- JSON, encrypted: addresses are personal data, and the URL of an incoming webhook is a secret.
        settings_sealed bytea NOT NULL,
        -- One more whenever it leads elsewhere.
        settings_version integer NOT NULL DEFAULT 1,
        enabled         boolean NOT NULL,
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        UNIQUE (organization_id, id)
      );

      CREATE TABLE notification_rules (
        id               uuid PRIMARY KEY,
        organization_id  uuid NOT NULL REFERENCES organizations,
        channel_id       uuid NOT NULL,
        -- Event types, all of a noun (bulk_request.*), or all (*).
        types            text[] NOT NULL CHECK (cardinality(types) > 0),
        minimum_severity text NOT NULL CHECK (minimum_severity IN ('info', 'warning', 'critical')),
        enabled          boolean NOT NULL,
        -- The organization's last event when it was made, or switched on again: it holds for what comes after.
        start_sequence   bigint NOT NULL,
        created_at       timestamptz NOT NULL DEFAULT now(),
        updated_at       timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (organization_id, channel_id) REFERENCES notification_channels (organization_id, id)
      );
      CREATE INDEX notification_rules_of_organization ON notification_rules (organization_id, id);
      CREATE INDEX notification_rules_of_channel ON notification_rules (channel_id);

      -- They outlive their channel and their rule: no keys to those.
      CREATE TABLE notifications (
        id              uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organizations,
        channel_id      uuid NOT NULL,
        -- For finding what is due where there is room.
        channel_kind    text NOT NULL CHECK (channel_kind IN ('email', 'slack')),
        -- Null: somebody tried the channel out. So are the event and its number.
        rule_id         uuid,
        event_id        text,
        event_type      text,
        -- Of the first event it is about.
        sequence        bigint,
        -- What its events have in common, of types that are gathered: a bulk request, an account, a webhook endpoint.
        gather_id       uuid,
        event_count     integer NOT NULL CHECK (event_count > 0),
        severity        text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
        status          text NOT NULL CHECK (status IN ('pending', 'sending', 'sent', 'failed')),
        attempts        integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        next_attempt_at timestamptz NOT NULL,
        lease_until     timestamptz,
        last_failure    text,
        -- Of a mail that was taken for some: for which recipients of the channel it still is, by place, and how many have it or refused it.
        partly_taken    jsonb,
        -- How often somebody had it sent again.
        resends         integer NOT NULL DEFAULT 0,
        subject         text NOT NULL,
        body            text NOT NULL,
        created_at      timestamptz NOT NULL DEFAULT now(),
        sent_at         timestamptz,
        CHECK (num_nulls(rule_id, event_id, event_type, sequence) IN (0, 4)),
        CHECK ((status = 'sending') = (lease_until IS NOT NULL)),
        CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
        CHECK (partly_taken IS NULL OR status IN ('pending', 'sending')),
        UNIQUE (rule_id, sequence)
      ) WITH (fillfactor = 80);
      CREATE INDEX notifications_of_organization ON notifications (organization_id, id);
      CREATE INDEX notifications_of_channel ON notifications (channel_id, id);
      -- Also those whose sender died: their lease runs out.
      CREATE INDEX notifications_due ON notifications (coalesce(lease_until, next_attempt_at))
        INCLUDE (organization_id, channel_id, channel_kind) WHERE status IN ('pending', 'sending');
      CREATE INDEX notifications_gathering ON notifications (rule_id, event_type, gather_id)
        WHERE status = 'pending' AND attempts = 0 AND gather_id IS NOT NULL;
      -- For deleting the oldest. Not BRIN: the space they leave is filled with new ones, and then every range begins long ago.
      CREATE INDEX notifications_by_time ON notifications (created_at);
      -- Few among many: looked for all the same, the whole history would be read.
      CREATE INDEX notifications_failed ON notifications (organization_id, id) WHERE status = 'failed';
      CREATE INDEX notifications_tests ON notifications (channel_id, id) WHERE rule_id IS NULL;

      ${Object.values(OWN).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${Object.keys(OWN).map(expose).join('\n')}
      DROP TABLE notifications, notification_rules, notification_channels;
    `);
  }
}
