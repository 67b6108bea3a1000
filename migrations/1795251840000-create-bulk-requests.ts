import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Bulk requests. The `*_count` and `*_minor` columns plus the not yet folded rows of `bulk_tallies` are the bulk's
 * counts; completion folds the tallies into them.
 */
export class CreateBulkRequests1795251840000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE bulk_requests (
        id                       uuid PRIMARY KEY,
        organization_id          uuid NOT NULL REFERENCES organizations,
        request_id               uuid,
        correlation_id           text,
        debtor_account_id        uuid NOT NULL,
        currency                 text NOT NULL,
        status                   text NOT NULL CHECK (status IN (
          'received', 'awaiting_approval', 'scheduled', 'processing', 'paused', 'completed', 'partially_completed',
          'failed', 'cancelling', 'cancelled', 'reversing', 'reversed', 'rejected')),
        on_failure               text NOT NULL CHECK (on_failure IN ('continue', 'stop', 'reverse')),
        validation               text NOT NULL CHECK (validation IN ('all_or_nothing', 'partial')),
        priority                 text NOT NULL CHECK (priority IN ('normal', 'urgent')),
        rail                     text NOT NULL,
        stopped_by               text CHECK (stopped_by IN ('on_failure', 'request')),
        requested_execution_date date,
        metadata                 jsonb NOT NULL DEFAULT '{}',
        total_minor              bigint NOT NULL CHECK (total_minor > 0),
        transfer_count           integer NOT NULL CHECK (transfer_count > 0),
        rejected_count           integer NOT NULL DEFAULT 0,
        rejected_lines           jsonb NOT NULL DEFAULT '[]',
        warnings                 jsonb NOT NULL DEFAULT '[]',
        pending_count            integer NOT NULL,
        submitted_count          integer NOT NULL DEFAULT 0,
        in_doubt_count           integer NOT NULL DEFAULT 0,
        manual_review_count      integer NOT NULL DEFAULT 0,
        settled_count            integer NOT NULL DEFAULT 0,
        failed_count             integer NOT NULL DEFAULT 0,
        cancelled_count          integer NOT NULL DEFAULT 0,
        returned_count           integer NOT NULL DEFAULT 0,
        settled_minor            bigint NOT NULL DEFAULT 0,
        failed_minor             bigint NOT NULL DEFAULT 0,
        cancelled_minor          bigint NOT NULL DEFAULT 0,
        returned_minor           bigint NOT NULL DEFAULT 0,
        created_at               timestamptz NOT NULL DEFAULT now(),
        completed_at             timestamptz,
        FOREIGN KEY (debtor_account_id, currency) REFERENCES accounts (id, currency),
        -- For ever, well beyond the days an idempotency key is kept.
        UNIQUE (organization_id, request_id)
      ) WITH (fillfactor = 70);
      CREATE INDEX bulk_requests_of_organization ON bulk_requests (organization_id, id);
      CREATE INDEX bulk_requests_open ON bulk_requests (id) WHERE completed_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE bulk_requests`);
  }
}
