import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expose, isolate } from './row-security.js';

const OWN = {
  event_heads: isolate('event_heads', { privileges: 'SELECT, INSERT, UPDATE', discovery: ['SELECT'] }),
  events: isolate('events', {
    privileges: 'SELECT, INSERT',
    discovery: ['SELECT (organization_id, sequence, occurred_at)', 'DELETE'],
  }),
  event_cursors: isolate('event_cursors', { privileges: 'SELECT, INSERT, UPDATE', discovery: ['SELECT'] }),
  bulk_progress: isolate('bulk_progress', { privileges: 'SELECT, INSERT, UPDATE' }),
} as const;

/** What happened, in the order it was committed, numbered without a gap for each organization. */
export class CreateEventLog1795252520000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The number of the last event. Whoever writes one holds this row until the commit, so numbers follow the order of commits.
      CREATE TABLE event_heads (
        organization_id uuid PRIMARY KEY REFERENCES organizations,
        sequence        bigint NOT NULL CHECK (sequence > 0)
      ) WITH (fillfactor = 50);

      -- A row is one event, or a block of them: what became of the lines of a chunk. Its head vouches for the organization.
      CREATE TABLE events (
        organization_id uuid NOT NULL,
        -- Of the last event in it.
        sequence        bigint NOT NULL CHECK (sequence > 0),
        size            integer NOT NULL CHECK (size > 0),
        type            text NOT NULL,
        -- Whose story it belongs to: a bulk request, an account, a key.
        subject_id      uuid NOT NULL,
        data            jsonb NOT NULL,
        occurred_at     timestamptz NOT NULL,
        PRIMARY KEY (organization_id, sequence)
      );
      CREATE INDEX events_of_subject ON events (subject_id, sequence);
      -- For deleting the oldest. Not BRIN: the space they leave is filled with new ones, and then every range begins long ago.
      CREATE INDEX events_by_time ON events (occurred_at);

      -- How far a consumer of events has come with those of an organization.
      CREATE TABLE event_cursors (
        consumer        text NOT NULL,
        organization_id uuid NOT NULL REFERENCES organizations,
        sequence        bigint NOT NULL CHECK (sequence >= 0),
        PRIMARY KEY (consumer, organization_id)
      ) WITH (fillfactor = 50);

      -- How many lines of a bulk have ended, as far as its progress was told. Only bulks of several chunks have one.
      CREATE TABLE bulk_progress (
        bulk_id         uuid PRIMARY KEY REFERENCES bulk_requests,
        organization_id uuid NOT NULL,
        ended           integer NOT NULL
      ) WITH (fillfactor = 50);

      ${Object.values(OWN).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${Object.keys(OWN).map(expose).join('\n')}
      DROP TABLE bulk_progress, event_cursors, events, event_heads;
    `);
  }
}
