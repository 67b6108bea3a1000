import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Statements of rails, the runs that compare them with our books, and the breaks a person has to look at. */
export class CreateReconciliation1795252080000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE reconciliation_runs (
        id               uuid PRIMARY KEY,
        -- NULL: of the whole platform.
        organization_id  uuid REFERENCES organizations,
        rail             text NOT NULL,
        trigger          text NOT NULL CHECK (trigger IN ('scheduled', 'requested')),
        period_from      timestamptz NOT NULL,
        period_to        timestamptz NOT NULL CHECK (period_to > period_from),
        status           text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'failed')),
        -- How often it was taken up, and until when nobody else takes it up.
        attempts         smallint NOT NULL DEFAULT 0,
        lease_token      uuid,
        lease_expires_at timestamptz NOT NULL DEFAULT now(),
        statement_lines  integer NOT NULL DEFAULT 0,
        new_lines        integer NOT NULL DEFAULT 0,
        matched          integer NOT NULL DEFAULT 0,
        evidence         integer NOT NULL DEFAULT 0,
        breaks_opened    integer NOT NULL DEFAULT 0,
        -- What the checks of the books said: null until they were made.
        invariants       jsonb,
        failure          text,
        started_at       timestamptz NOT NULL DEFAULT now(),
        ended_at         timestamptz,
        CHECK ((status = 'running') = (ended_at IS NULL))
      );
      CREATE INDEX reconciliation_runs_of_organization ON reconciliation_runs (organization_id, id);
      CREATE INDEX reconciliation_runs_running ON reconciliation_runs (lease_expires_at) WHERE status = 'running';
      -- One scheduled run per rail and period, however many workers there are. A failed one is made up for by the next.
      CREATE UNIQUE INDEX reconciliation_runs_scheduled_once ON reconciliation_runs (rail, period_from)
        WHERE trigger = 'scheduled' AND status <> 'failed';

      -- What a rail says it booked. The same booking imported again is the same row.
      CREATE TABLE statement_lines (
        rail            text NOT NULL,
        rail_id         text NOT NULL,
        status          text NOT NULL CHECK (status IN ('settled', 'rejected', 'returned')),
        reference       text NOT NULL,
        -- NULL when the reference is none of ours.
        transfer_id     uuid,
        organization_id uuid,
        amount_minor    bigint NOT NULL,
        currency        text NOT NULL,
        booked_at       timestamptz NOT NULL,
        -- The run that imported it, and the one that gave it to the engine as evidence.
        run_id          uuid NOT NULL REFERENCES reconciliation_runs,
        evidence_run_id uuid REFERENCES reconciliation_runs,
        PRIMARY KEY (rail, rail_id, status)
      );
      CREATE INDEX statement_lines_of_transfer ON statement_lines (transfer_id) WHERE transfer_id IS NOT NULL;
      CREATE INDEX statement_lines_booked ON statement_lines (rail, booked_at);
      CREATE INDEX statement_lines_of_run ON statement_lines (run_id);
      CREATE INDEX statement_lines_evidence_of_run ON statement_lines (evidence_run_id) WHERE evidence_run_id IS NOT NULL;

      CREATE TABLE reconciliation_breaks (
        id              uuid PRIMARY KEY,
        organization_id uuid REFERENCES organizations,
        rail            text NOT NULL,
        class           text NOT NULL CHECK (class IN (
          'missing_here', 'missing_there', 'amount', 'status', 'duplicate', 'late', 'invariant')),
        source          text NOT NULL CHECK (source IN ('evidence', 'statement', 'completion', 'invariants')),
        status          text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'assigned', 'resolved')),
        run_id          uuid REFERENCES reconciliation_runs,
        bulk_id         uuid,
        transfer_id     uuid,
        reference       text,
        rail_id         text,
        amount_minor    bigint,
        currency        text,
        -- What our books say and what was found, in words an operator reads.
        expected        text NOT NULL,
        found           text NOT NULL,
        -- What was found about the same later: [{at, found}]. It resolves nothing by itself.
        later_findings  jsonb NOT NULL DEFAULT '[]',
        -- What was booked on suspense because of it: signed, minor units, as suspense sees it.
        suspense_minor  bigint NOT NULL DEFAULT 0,
        -- The same finding again is the same break.
        dedupe_key      text NOT NULL UNIQUE,
        assignee        text,
        resolution      text CHECK (resolution IN ('no_action', 'corrected_by_rail', 'charged_to_debtor', 'written_off')),
        note            text,
        opened_at       timestamptz NOT NULL DEFAULT now(),
        resolved_at     timestamptz,
        resolved_by     text,
        CHECK (suspense_minor = 0 OR (organization_id IS NOT NULL AND currency IS NOT NULL)),
        CHECK ((status = 'resolved') = (resolution IS NOT NULL)),
        CHECK ((status = 'assigned') <= (assignee IS NOT NULL))
      );
      CREATE INDEX reconciliation_breaks_of_organization ON reconciliation_breaks (organization_id, id);
      CREATE INDEX reconciliation_breaks_of_transfer ON reconciliation_breaks (transfer_id) WHERE transfer_id IS NOT NULL;
      CREATE INDEX reconciliation_breaks_of_run ON reconciliation_breaks (run_id) WHERE run_id IS NOT NULL;
      CREATE INDEX reconciliation_breaks_unresolved ON reconciliation_breaks (id) WHERE status <> 'resolved';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE reconciliation_breaks, statement_lines, reconciliation_runs`);
  }
}
