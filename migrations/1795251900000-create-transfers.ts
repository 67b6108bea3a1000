import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Transfers and the engine's work list. A transfer carries no foreign keys: its rows arrive thousands at a time by COPY,
 * in the one transaction that also made what they point at. No index on transfers mentions `status`, and fillfactor leaves
 * room on the page, so that an outcome is a heap-only update (measured: three times faster).
 */
export class CreateTransfers1795251900000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE transfers (
        id                  uuid PRIMARY KEY,
        organization_id     uuid NOT NULL,
        bulk_id             uuid NOT NULL,
        chunk_id            uuid NOT NULL,
        debtor_account_id   uuid NOT NULL,
        creditor_account_id uuid,
        line                integer NOT NULL,
        attempts            smallint NOT NULL DEFAULT 0,
        -- Some attempt may have reached the rail: from then on only the rail's word, or a person's, ends it unpaid.
        possibly_sent       boolean NOT NULL DEFAULT false,
        amount_minor        bigint NOT NULL CHECK (amount_minor > 0),
        currency            text NOT NULL,
        rail                text NOT NULL,
        -- 'submitting' is never stored: it is a pending line inside the window of a leased chunk.
        status              text NOT NULL DEFAULT 'pending' CHECK (status IN (
          'pending', 'submitted', 'in_doubt', 'manual_review', 'settled', 'failed', 'cancelled', 'returned')),
        -- Set beside the rare states only, so that the index that finds them costs the others nothing.
        attention           text,
        counterparty_name   text NOT NULL,
        counterparty_iban   text NOT NULL,
        counterparty_bic    text,
        description         text,
        purpose_code        text,
        client_transfer_id  text,
        rail_id             text,
        failure_code        text,
        failure_detail      text,
        created_at          timestamptz NOT NULL DEFAULT now(),
        settled_at          timestamptz
      ) WITH (fillfactor = 45);
      CREATE UNIQUE INDEX transfers_of_bulk ON transfers (bulk_id, line);
      CREATE INDEX transfers_of_organization ON transfers (organization_id, id);
      CREATE INDEX transfers_needing_attention ON transfers (attention, id) WHERE attention IS NOT NULL;

      -- The work list: PostgreSQL says what is to be done, the queue only carries ids.
      CREATE TABLE chunks (
        id                uuid PRIMARY KEY,
        organization_id   uuid NOT NULL,
        bulk_id           uuid NOT NULL REFERENCES bulk_requests,
        parent_id         uuid,
        purpose           text NOT NULL CHECK (purpose IN ('submit', 'inquire', 'confirm')),
        rail              text NOT NULL,
        urgent            boolean NOT NULL DEFAULT false,
        line_from         integer NOT NULL,
        line_to           integer NOT NULL,
        line_count        integer NOT NULL CHECK (line_count > 0),
        status            text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'dispatched', 'leased', 'closed')),
        tries             smallint NOT NULL DEFAULT 0,
        deaths            smallint NOT NULL DEFAULT 0,
        generation        integer NOT NULL DEFAULT 0,
        due_at            timestamptz NOT NULL DEFAULT now(),
        dispatched_until  timestamptz,
        lease_attempt     integer NOT NULL DEFAULT 0,
        lease_token       uuid,
        leased_at         timestamptz,
        lease_expires_at  timestamptz,
        submitted_through integer,
        window_lines      integer NOT NULL DEFAULT 0,
        created_at        timestamptz NOT NULL DEFAULT now(),
        closed_at         timestamptz
      ) WITH (fillfactor = 50);
      CREATE INDEX chunks_unfinished ON chunks (bulk_id) WHERE closed_at IS NULL;
      CREATE INDEX chunks_open ON chunks (rail, bulk_id, due_at) WHERE status = 'open';
      CREATE INDEX chunks_dispatched ON chunks (dispatched_until) WHERE status = 'dispatched';
      CREATE INDEX chunks_leased ON chunks (lease_expires_at) WHERE status = 'leased';

      -- What each commit changed in a bulk's counts. Appended, never updated: no two writers meet on a row.
      CREATE TABLE bulk_tallies (
        id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        organization_id     uuid NOT NULL,
        bulk_id             uuid NOT NULL,
        source              text NOT NULL,
        source_id           uuid,
        pending_count       integer NOT NULL DEFAULT 0,
        submitted_count     integer NOT NULL DEFAULT 0,
        in_doubt_count      integer NOT NULL DEFAULT 0,
        manual_review_count integer NOT NULL DEFAULT 0,
        settled_count       integer NOT NULL DEFAULT 0,
        failed_count        integer NOT NULL DEFAULT 0,
        cancelled_count     integer NOT NULL DEFAULT 0,
        returned_count      integer NOT NULL DEFAULT 0,
        settled_minor       bigint NOT NULL DEFAULT 0,
        failed_minor        bigint NOT NULL DEFAULT 0,
        cancelled_minor     bigint NOT NULL DEFAULT 0,
        returned_minor      bigint NOT NULL DEFAULT 0,
        created_at          timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX bulk_tallies_of_bulk ON bulk_tallies (bulk_id);

      -- Every move but the plain one: a line settled by its first submission is told by its own row and its chunk.
      CREATE TABLE transfer_transitions (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        organization_id uuid NOT NULL,
        transfer_id     uuid NOT NULL,
        chunk_id        uuid,
        source          text NOT NULL CHECK (source IN ('submission', 'inquiry', 'lost_lease', 'stop', 'evidence', 'operator')),
        attempt         smallint NOT NULL,
        from_status     text NOT NULL,
        to_status       text NOT NULL,
        code            text,
        detail          text,
        started_at      timestamptz,
        created_at      timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX transfer_transitions_of_transfer ON transfer_transitions (transfer_id, id);

      -- What a rail said outside a chunk's own record: kept, acknowledged, then applied by one applier.
      CREATE TABLE rail_evidence (
        id              uuid PRIMARY KEY,
        organization_id uuid,
        rail            text NOT NULL,
        reference       text NOT NULL,
        transfer_id     uuid,
        source          text NOT NULL CHECK (source IN ('late_result', 'notice', 'callback', 'statement')),
        status          text NOT NULL CHECK (status IN ('accepted', 'settled', 'rejected', 'returned')),
        reason_code     text,
        rail_id         text,
        received_at     timestamptz NOT NULL DEFAULT now(),
        applied_at      timestamptz,
        outcome         text CHECK (outcome IN ('applied', 'redundant', 'contradiction', 'unmatched')),
        UNIQUE (rail, reference, source, status)
      );
      CREATE INDEX rail_evidence_open ON rail_evidence (received_at, id) WHERE applied_at IS NULL;
      CREATE INDEX rail_evidence_of_transfer ON rail_evidence (transfer_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE rail_evidence, transfer_transitions, bulk_tallies, chunks, transfers`);
  }
}
