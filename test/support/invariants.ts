import { type TransferStatus, transferStates } from '../../src/modules/transfers/domain/transfer.state.js';
import type { Queryable } from '../../src/platform/database/index.js';

const FINAL = `('completed', 'partially_completed', 'failed', 'cancelled', 'reversed', 'rejected')`;

/** Blocks of events, a row for each line: its bulk, its position, what became of it. */
const TOLD_LINES = `
  SELECT e.subject_id AS bulk_id, l.line, g ->> 'to' AS status, e.sequence
    FROM events e
   CROSS JOIN LATERAL jsonb_array_elements(e.data) AS g
   CROSS JOIN LATERAL jsonb_array_elements(g -> 'lines') AS r
   CROSS JOIN LATERAL generate_series((r ->> 0)::int, (r ->> 1)::int) AS l (line)
   WHERE e.type = 'transfers.recorded'`;

/** Each finds what must not be there: a row is an offender. The numbers are those of the list in docs/testing.md. */
const CHECKS: Readonly<Record<string, string>> = {
  '1 per currency the accounts sum to zero': `
    SELECT currency, sum(posted_minor) AS sum FROM accounts GROUP BY currency HAVING sum(posted_minor) <> 0`,
  '1 posted is the sum of its entries': `
    SELECT a.id, a.posted_minor, coalesce(sum(s.amount), 0) AS entries
      FROM accounts a
      LEFT JOIN (SELECT credit_account_id AS account_id, amount_minor AS amount FROM ledger_entries
                 UNION ALL SELECT debit_account_id, -amount_minor FROM ledger_entries) s ON s.account_id = a.id
     GROUP BY a.id HAVING a.posted_minor <> coalesce(sum(s.amount), 0)`,
  '2 reserved is the sum of open holds': `
    SELECT a.id, a.reserved_minor, coalesce(sum(h.amount_minor - h.captured_minor - h.released_minor), 0) AS held
      FROM accounts a LEFT JOIN holds h ON h.account_id = a.id
     GROUP BY a.id HAVING a.reserved_minor <> coalesce(sum(h.amount_minor - h.captured_minor - h.released_minor), 0)`,
  '2 a hold gives up what its lines ended with, and nothing else': `
    SELECT b.id, h.amount_minor, h.captured_minor, h.released_minor, s.*
      FROM bulk_requests b
      JOIN holds h ON h.purpose = 'bulk_request' AND h.reference_id = b.id
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(amount_minor) FILTER (WHERE status IN ('settled', 'returned')), 0) AS paid,
              coalesce(sum(amount_minor) FILTER (WHERE status IN ('failed', 'cancelled')), 0) AS unpaid,
              sum(amount_minor) AS total
         FROM transfers WHERE bulk_id = b.id) s
     WHERE (h.captured_minor, h.released_minor, h.amount_minor) <> (s.paid, s.unpaid, s.total)
        OR (b.completed_at IS NOT NULL AND h.captured_minor + h.released_minor <> h.amount_minor)`,
  '3 a transfer is settled and returned in the ledger as its state says, once, with its amount': `
    SELECT t.id, t.status, e.*
      FROM transfers t JOIN bulk_requests b ON b.id = t.bulk_id
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(amount_minor) FILTER (
                WHERE kind = CASE b.origin WHEN 'reversal' THEN 'reversal' ELSE 'settlement' END), 0) AS settled,
              coalesce(sum(amount_minor) FILTER (WHERE kind = 'return'), 0) AS returned
         FROM ledger_entries WHERE transfer_id = t.id) e
     WHERE e.settled <> CASE WHEN t.status IN ('settled', 'returned') THEN t.amount_minor ELSE 0 END
        OR e.returned <> CASE WHEN t.status = 'returned' THEN t.amount_minor ELSE 0 END`,
  '3 no reference reached the rail twice': `
    SELECT reference, submissions FROM sandbox_journal WHERE submissions <> 1`,
  '4 what is settled here was executed there': `
    SELECT t.id, t.status, j.status AS journal FROM transfers t
      LEFT JOIN sandbox_journal j ON j.reference = replace(t.id::text, '-', '')
     WHERE t.rail = 'sandbox' AND t.status IN ('settled', 'returned')
       AND (j.status IS NULL OR j.status = 'rejected' OR (j.status = 'accepted' AND j.settles_at > now()))`,
  '4 what was executed there is settled here': `
    SELECT t.id, t.status FROM transfers t
      JOIN sandbox_journal j ON j.reference = replace(t.id::text, '-', '') AND j.status = 'settled'
      JOIN bulk_requests b ON b.id = t.bulk_id AND b.completed_at IS NOT NULL
     WHERE t.status NOT IN ('settled', 'returned')`,
  '5 every line of an accepted bulk exists': `
    SELECT b.id, b.transfer_count, b.total_minor, count(t.id), sum(t.amount_minor)
      FROM bulk_requests b LEFT JOIN transfers t ON t.bulk_id = b.id
     GROUP BY b.id HAVING count(t.id) <> b.transfer_count OR sum(t.amount_minor) <> b.total_minor`,
  '5 every open line is in an open chunk that covers it and does what its state asks for': `
    SELECT t.id, t.status, c.status AS chunk FROM transfers t LEFT JOIN chunks c ON c.id = t.chunk_id
     WHERE t.status IN ('pending', 'submitted', 'in_doubt')
       AND (c.id IS NULL OR c.closed_at IS NOT NULL OR t.line NOT BETWEEN c.line_from AND c.line_to
            OR c.rail <> t.rail OR c.bulk_id <> t.bulk_id OR (c.purpose = 'submit') <> (t.status = 'pending'))`,
  '6 a bulk is completed exactly when its state is final, and then nothing of it is open': `
    SELECT b.id, b.status, b.completed_at FROM bulk_requests b
     WHERE (b.completed_at IS NOT NULL) <> (b.status IN ${FINAL})
        OR (b.completed_at IS NOT NULL AND (
             EXISTS (SELECT FROM transfers t WHERE t.bulk_id = b.id
                        AND t.status IN ('pending', 'submitted', 'in_doubt', 'manual_review'))
             OR EXISTS (SELECT FROM chunks c WHERE c.bulk_id = b.id AND c.closed_at IS NULL)))`,
  '6 the counts of a bulk are those of its lines': `
    SELECT b.id, s.status, s.lines, s.amount, c.* FROM bulk_requests b
     CROSS JOIN LATERAL (
       SELECT u.status, count(t.id) AS lines, coalesce(sum(t.amount_minor), 0) AS amount
         FROM unnest(ARRAY['pending', 'submitted', 'in_doubt', 'manual_review', 'settled', 'failed', 'cancelled', 'returned'])
              AS u (status)
         LEFT JOIN transfers t ON t.bulk_id = b.id AND t.status = u.status GROUP BY u.status) s
     CROSS JOIN LATERAL (
       SELECT (to_jsonb(b) ->> (s.status || '_count'))::int
                + coalesce(sum((to_jsonb(y) ->> (s.status || '_count'))::int), 0) AS counted,
              (to_jsonb(b) ->> (s.status || '_minor'))::bigint
                + coalesce(sum((to_jsonb(y) ->> (s.status || '_minor'))::bigint), 0) AS counted_amount
         FROM bulk_tallies y WHERE y.bulk_id = b.id) c
     WHERE s.lines <> c.counted OR s.amount <> coalesce(c.counted_amount, s.amount)`,
  '6 a reversed bulk has nothing left that was paid and not taken back': `
    SELECT b.id, t.id AS transfer FROM bulk_requests b
      JOIN transfers t ON t.bulk_id = b.id AND t.status = 'settled'
      LEFT JOIN transfers r ON r.origin_transfer_id = t.id
     WHERE b.status = 'reversed' AND (r.id IS NULL OR r.status NOT IN ('settled', 'returned', 'failed'))`,
  '7 no account is below its limit': `
    SELECT id FROM accounts WHERE posted_minor - reserved_minor < -overdraft_limit_minor OR reserved_minor < 0`,
  '9 each transition of a transfer begins where the one before ended': `
    SELECT transfer_id, previous, from_status FROM (
      SELECT transfer_id, from_status,
             lag(to_status, 1, 'pending') OVER (PARTITION BY transfer_id ORDER BY id) AS previous
        FROM transfer_transitions) m
     WHERE CASE from_status WHEN 'submitting' THEN 'pending' ELSE from_status END <> previous
       AND NOT (from_status = 'settled' AND previous = 'pending')`,
  '9 a transfer is in the state its last transition brought it to, or was settled by the submission after it': `
    SELECT t.id, t.status, m.to_status FROM transfers t
     CROSS JOIN LATERAL (
       SELECT to_status FROM transfer_transitions WHERE transfer_id = t.id ORDER BY id DESC LIMIT 1) m
     WHERE t.status <> m.to_status AND NOT (t.status = 'settled' AND m.to_status = 'pending')`,
  '10 what was cancelled or failed was not executed': `
    SELECT t.id, t.status, j.status AS journal FROM transfers t
      JOIN sandbox_journal j ON j.reference = replace(t.id::text, '-', '')
     WHERE t.status IN ('failed', 'cancelled') AND j.status <> 'rejected'`,
  'what is in a rare state is in the indexes of those, and nothing else is': `
    SELECT id, status, attention FROM transfers
     WHERE attention IS DISTINCT FROM CASE WHEN status NOT IN ('pending', 'settled') THEN status END`,
  'money paid to another organization was delivered once': `
    SELECT t.id, t.status, d.* FROM transfers t
      JOIN accounts a ON a.id = t.creditor_account_id AND a.organization_id <> t.organization_id
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(amount_minor), 0) AS delivered FROM ledger_entries
        WHERE transfer_id = t.id AND kind = 'book_delivery') d
     WHERE d.delivered <> CASE WHEN t.status = 'settled' THEN t.amount_minor ELSE 0 END`,
  '11 the events of an organization are numbered from 1 to its head without a gap': `
    SELECT * FROM (
      SELECT organization_id, sequence - size AS after, lag(sequence, 1, 0::bigint) OVER log AS previous, sequence,
             last_value(sequence) OVER (log ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last
        FROM events WINDOW log AS (PARTITION BY organization_id ORDER BY sequence)) e
      FULL JOIN event_heads h USING (organization_id)
     WHERE (e.after = e.previous AND e.last = h.sequence) IS NOT TRUE`,
  '11 a block of events has a number for each of its lines': `
    SELECT e.organization_id, e.sequence, e.size, t.lines FROM events e
      LEFT JOIN (SELECT bulk_id, sequence, count(*) AS lines FROM (${TOLD_LINES}) l GROUP BY bulk_id, sequence) t
        ON t.bulk_id = e.subject_id AND t.sequence = e.sequence
     WHERE e.size <> CASE e.type WHEN 'transfers.recorded' THEN coalesce(t.lines, 0) ELSE 1 END`,
  '11 the last event of a line is about the state it is in': `
    SELECT t.bulk_id, t.line, t.status, l.status AS told FROM transfers t
      LEFT JOIN (SELECT DISTINCT ON (bulk_id, line) * FROM (${TOLD_LINES}) a ORDER BY bulk_id, line, sequence DESC) l
        ON l.bulk_id = t.bulk_id AND l.line = t.line
     WHERE coalesce(l.status, 'pending') <> t.status`,
  '11 a bulk was accepted once and ended once, in the state it is in, and nobody heard of progress after that': `
    SELECT b.id, b.status, e.* FROM bulk_requests b
      LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE type = 'bulk_request.accepted') AS accepted,
               count(*) FILTER (WHERE type = 'bulk_request.' || b.status) AS in_state,
               count(*) FILTER (WHERE split_part(type, '.', 2) IN ${FINAL}) AS ended,
               max(sequence) FILTER (WHERE split_part(type, '.', 2) IN ${FINAL}) AS ended_at,
               max(sequence) FILTER (WHERE type = 'bulk_request.progressed') AS progressed_at
          FROM events WHERE subject_id = b.id AND type LIKE 'bulk\\_request.%') e ON true
     WHERE e.accepted <> 1 OR e.progressed_at > e.ended_at
        OR e.ended <> CASE WHEN b.completed_at IS NULL THEN 0 ELSE 1 END
        OR (b.completed_at IS NOT NULL AND e.in_state <> 1)`,
  '11 an account was last told to have the balances it has': `
    SELECT a.id, a.posted_minor, a.reserved_minor, e.data FROM accounts a
      LEFT JOIN LATERAL (
        SELECT data FROM events WHERE subject_id = a.id AND type = 'account.balance_changed' ORDER BY sequence DESC LIMIT 1) e
        ON true
     WHERE a.kind = 'customer'
       AND (a.posted_minor <> coalesce(replace(e.data ->> 'posted', '.', '')::bigint, 0)
            OR a.reserved_minor <> coalesce(replace(e.data ->> 'reserved', '.', '')::bigint, 0))`,
};

export interface ExpectedState {
  /** Bulks that have not ended; every other one must have. */
  open?: readonly string[];
  /** Bulks whose rail was made to say otherwise than our books: what was executed there says nothing about them. */
  contradicted?: readonly string[];
}

/** What must hold of the whole database once nothing is under way (engine.md, Invariants). The failure lists the offenders. */
export async function assertInvariants(on: Queryable, expected: ExpectedState = {}): Promise<void> {
  const offenders: Record<string, object[]> = {};
  for (const [rule, rows] of Object.entries(await offendersOf(on, expected))) offenders[rule] = rows.slice(0, 5);
  const open = await on.query<{ id: string }>(`SELECT id FROM bulk_requests WHERE completed_at IS NULL ORDER BY id`);
  expect({ offenders, wrongMoves: await wrongMoves(on), open: open.map((bulk) => bulk.id) }).toEqual({
    offenders: {},
    wrongMoves: [],
    open: [...(expected.open ?? [])].sort(),
  });
}

/** The rows that break a rule, by rule; only rules that are broken. */
export async function offendersOf(
  on: Queryable,
  expected: ExpectedState = {},
): Promise<Record<string, Record<string, unknown>[]>> {
  const offenders: Record<string, Record<string, unknown>[]> = {};
  for (const [rule, sql] of Object.entries(CHECKS)) {
    const rows = await on.query<Record<string, unknown>>(sql);
    const guilty = rule.startsWith('4') || rule.startsWith('10') ? await withoutBulks(on, rows, expected) : rows;
    if (guilty.length > 0) offenders[rule] = guilty;
  }
  return offenders;
}

async function withoutBulks(
  on: Queryable,
  rows: Record<string, unknown>[],
  { contradicted = [] }: ExpectedState,
): Promise<Record<string, unknown>[]> {
  if (contradicted.length === 0) return rows;
  const excused = await on.query<{ id: string }>(`SELECT id FROM transfers WHERE bulk_id = ANY($1::uuid[])`, [
    contradicted,
  ]);
  const ids = new Set<unknown>(excused.map((transfer) => transfer.id));
  return rows.filter((row) => !ids.has(row['id']));
}

/** 9: states only move along the graph. */
async function wrongMoves(on: Queryable): Promise<string[]> {
  const moves = await on.query<{ from: TransferStatus; to: TransferStatus }>(
    `SELECT DISTINCT from_status AS "from", to_status AS "to" FROM transfer_transitions`,
  );
  return moves.filter(({ from, to }) => !transferStates.canMove(from, to)).map(({ from, to }) => `${from} > ${to}`);
}
