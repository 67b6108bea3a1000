import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * For each of thousands of lines, the latest payment that looks like it: one descent into `transfers_of_counterparty` each.
 *
 * A function, because no plan may depend on statistics here. They lag behind a table that grows by whole payrolls, and the planner then
 * takes the few rows it believes in for the rows there are: it read the table once for every line (18 s for a bulk), or all recent rows of
 * an organization. Conditions on both columns of the index together fit no other index, and a walk through the table is switched off.
 */
export class FindAlikePayments1795252517000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION find_alike_payments(
        organization uuid, payment_currency text, from_id uuid, except_bulk uuid, payment_period text,
        lines integer[], indexes bigint[], amounts bigint[], purposes text[]
      ) RETURNS TABLE (line integer, transfer_id uuid)
      LANGUAGE sql STABLE SET enable_seqscan = off SET search_path = public, pg_temp AS $$
        SELECT l.line, alike.id
          FROM unnest(lines, indexes, amounts, purposes) AS l (line, index, amount_minor, purpose_code)
         CROSS JOIN LATERAL (
           SELECT t.id FROM transfers t
            WHERE t.counterparty_index IS NOT NULL
              AND (t.counterparty_index, t.id) >= (l.index, from_id)
              AND (t.counterparty_index, t.id) <= (l.index, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
              AND (t.organization_id = organization) IS TRUE AND t.currency = payment_currency
              AND t.amount_minor = l.amount_minor AND t.purpose_code IS NOT DISTINCT FROM l.purpose_code
              AND t.status NOT IN ('failed', 'cancelled', 'returned') AND t.bulk_id <> except_bulk
              AND (SELECT b.metadata ->> 'period' FROM bulk_requests b WHERE b.id = t.bulk_id)
                  IS NOT DISTINCT FROM payment_period
            ORDER BY t.counterparty_index DESC, t.id DESC LIMIT 1) AS alike
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION find_alike_payments`);
  }
}
