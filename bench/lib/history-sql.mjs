/** The statements of history.mjs. `:name` is a value. */

const CHUNK_LINES = 500;
const AMOUNT_MINOR = 100;
const FAILED_EVERY = 1_000;
const REVIEWED_EVERY = 100;
const REVIEWED_LINES = 5;
const SMALL_EVERY = 5;
const SMALL_LINES = 50;
/** The past begins so long ago, and its blocks are so far apart. */
const BEGINS_MS_AGO = 365 * 86_400_000;
const APART_MS = 8 * 3_600_000;

/**
 * Ids as the product makes them (UUIDv7), so that indexes have the order they would have. The same arguments make the same id, so rows find
 * each other without a join.
 */
export const PREPARE_SESSION = `
  SET synchronous_commit = off;
  SET maintenance_work_mem = '512MB';
  SET work_mem = '128MB';
  CREATE FUNCTION pg_temp.id_of(kind text, at_ms bigint, n int) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
    SELECT (lpad(to_hex(at_ms + n / 2048), 12, '0') || '7' || lpad(to_hex(n % 2048), 3, '0') || '8'
            || substr(md5(kind || at_ms::text || ' ' || n::text), 1, 15))::uuid
  $$;
  CREATE TEMP TABLE past_bulk (id uuid, at_ms bigint, at timestamptz, lines int, reviewed int, settled int, failed int);
  CREATE TEMP TABLE past_line (id uuid, bulk_id uuid, at_ms bigint, at timestamptz, line int, status text);
  CREATE TEMP TABLE past_iban (id uuid, sealed bytea, index bigint);`;

/** A block of lines is one bulk, or one time in five many small ones. */
const COUNT_BULKS = `
  INSERT INTO past_bulk
  SELECT pg_temp.id_of('bulk', at_ms, 0), at_ms, to_timestamp(at_ms / 1000.0), lines, reviewed,
         lines - reviewed - lines / ${FAILED_EVERY}, lines / ${FAILED_EVERY}
    FROM (SELECT (extract(epoch FROM now()) * 1000)::bigint - ${BEGINS_MS_AGO} + block * ${APART_MS}::bigint + part * 1000 AS at_ms,
                 CASE WHEN block % ${SMALL_EVERY} = 1 THEN ${SMALL_LINES} ELSE :lines::int END AS lines,
                 CASE WHEN block % ${REVIEWED_EVERY} = 0 THEN ${REVIEWED_LINES} ELSE 0 END AS reviewed
            FROM generate_series(:first::int, :last::int) AS block
           CROSS JOIN LATERAL generate_series(0, CASE WHEN block % ${SMALL_EVERY} = 1 THEN :lines::int / ${SMALL_LINES} - 1 ELSE 0 END)
                  AS part) AS o`;

const COUNT_LINES = `
  INSERT INTO past_line
  SELECT pg_temp.id_of('transfer', b.at_ms, line), b.id, b.at_ms, b.at, line,
         CASE WHEN line < b.reviewed THEN 'manual_review'
              WHEN line % ${FAILED_EVERY} = ${FAILED_EVERY - 1} THEN 'failed' ELSE 'settled' END
    FROM past_bulk b CROSS JOIN LATERAL generate_series(0, b.lines - 1) AS line
   ORDER BY b.at_ms, line`;

const BULKS = `
  INSERT INTO bulk_requests (id, organization_id, correlation_id, debtor_account_id, currency, status, on_failure, validation,
    priority, rail, total_minor, transfer_count, pending_count, manual_review_count, settled_count, failed_count, settled_minor,
    failed_minor, created_at, completed_at)
  SELECT id, :organization::uuid, 'bench-history', :account::uuid, 'EUR',
         CASE WHEN reviewed > 0 THEN 'processing' WHEN failed > 0 THEN 'partially_completed' ELSE 'completed' END, 'continue',
         'all_or_nothing', 'normal', 'sandbox', lines::bigint * ${AMOUNT_MINOR}, lines, 0, reviewed, settled, failed,
         settled::bigint * ${AMOUNT_MINOR}, failed::bigint * ${AMOUNT_MINOR}, at,
         CASE WHEN reviewed = 0 THEN at + interval '1 s' END
    FROM past_bulk ORDER BY at_ms`;

const CHUNKS = `
  INSERT INTO chunks (id, organization_id, bulk_id, purpose, rail, line_from, line_to, line_count, status, generation, due_at,
    lease_attempt, leased_at, lease_expires_at, submitted_through, created_at, waiting_since, closed_at)
  SELECT pg_temp.id_of('chunk', b.at_ms, line), :organization::uuid, b.id, 'submit', 'sandbox', line, last.line_to, last.line_to - line + 1,
         'closed', 1, b.at, 1, b.at, b.at + interval '1 min', last.line_to, b.at, b.at, b.at + interval '1 s'
    FROM past_bulk b
   CROSS JOIN LATERAL generate_series(0, b.lines - 1, ${CHUNK_LINES}) AS line
   CROSS JOIN LATERAL (SELECT least(line + ${CHUNK_LINES}, b.lines) - 1 AS line_to) AS last
   ORDER BY b.at_ms, line`;

const TRANSFERS = `
  INSERT INTO transfers (id, organization_id, bulk_id, chunk_id, debtor_account_id, line, attempts, possibly_sent, amount_minor,
    currency, rail, status, attention, counterparty_name, counterparty_iban_sealed, counterparty_index, counterparty_bic, description, rail_id, failure_code,
    failure_detail, created_at, settled_at)
  SELECT id, :organization::uuid, bulk_id, pg_temp.id_of('chunk', at_ms, line - line % ${CHUNK_LINES}), :account::uuid, line, 1, true,
         ${AMOUNT_MINOR}, 'EUR', 'sandbox', status, CASE WHEN status <> 'settled' THEN status END,
         'Employee number ' || line, i.sealed, i.index, 'DEUTDEFFXXX', 'Salary ' || line,
         CASE WHEN status = 'settled' THEN 'sbx-' || replace(id::text, '-', '') END,
         CASE status WHEN 'failed' THEN 'AC04' WHEN 'manual_review' THEN 'timeout' END,
         CASE status WHEN 'failed' THEN 'Rejected by the sandbox' WHEN 'manual_review' THEN 'The answer was lost' END,
         at, CASE WHEN status = 'settled' THEN at + interval '1 s' END
    FROM past_line JOIN past_iban i USING (id) ORDER BY id`;

const TRANSITIONS = `
  INSERT INTO transfer_transitions (organization_id, transfer_id, chunk_id, source, attempt, from_status, to_status, code,
    started_at, created_at)
  SELECT :organization::uuid, id, pg_temp.id_of('chunk', at_ms, line - line % ${CHUNK_LINES}), 'submission', 1, 'pending', status,
         CASE status WHEN 'failed' THEN 'AC04' ELSE 'timeout' END, at, at + interval '1 s'
    FROM past_line WHERE status <> 'settled'`;

const HOLDS = `
  INSERT INTO holds (id, organization_id, account_id, currency, purpose, reference_id, amount_minor, captured_minor, released_minor,
    created_at)
  SELECT pg_temp.id_of('hold', at_ms, 0), :organization::uuid, :account::uuid, 'EUR', 'bulk_request', id, lines::bigint * ${AMOUNT_MINOR},
         settled::bigint * ${AMOUNT_MINOR}, failed::bigint * ${AMOUNT_MINOR}, at
    FROM past_bulk`;

const CLEARING_ACCOUNT = `
  INSERT INTO accounts (id, organization_id, kind, rail, name, currency)
  VALUES (gen_random_uuid(), :organization::uuid, 'clearing', 'sandbox', 'clearing sandbox EUR', 'EUR')
  ON CONFLICT (organization_id, kind, coalesce(rail, ''), currency) WHERE kind <> 'customer' DO NOTHING`;

const systemAccount = (/** @type {string} */ kind) =>
  `(SELECT id FROM accounts WHERE organization_id = :organization::uuid AND kind = '${kind}' AND currency = 'EUR'
      AND coalesce(rail, 'sandbox') = 'sandbox')`;

const ENTRIES = `
  INSERT INTO ledger_entries (id, organization_id, debit_account_id, credit_account_id, amount_minor, currency, kind, transfer_id,
    created_at)
  SELECT pg_temp.id_of('entry', at_ms, line), :organization::uuid, :account::uuid, ${systemAccount('clearing')}, ${AMOUNT_MINOR}, 'EUR',
         'settlement', id, at + interval '1 s'
    FROM past_line WHERE status = 'settled'`;

/** The bank puts on the account what these bulks take off it or keep reserved; what failed they give back. */
const FUNDING = `
  WITH funding AS (
    INSERT INTO bank_transactions (id, organization_id, account_id, currency, amount_minor, direction, status, reason, created_at)
    SELECT pg_temp.id_of('funding', min(at_ms), 0), :organization::uuid, :account::uuid, 'EUR', sum(settled + reviewed) * ${AMOUNT_MINOR}, 'credit',
           'success', 'History', min(at)
      FROM past_bulk RETURNING *)
  INSERT INTO ledger_entries (id, organization_id, debit_account_id, credit_account_id, amount_minor, currency, kind, reference,
    created_at)
  SELECT id, organization_id, ${systemAccount('bank')}, account_id, amount_minor, currency, 'bank_credit', id::text, created_at
    FROM funding`;

const BALANCES = `
  UPDATE accounts a SET posted_minor = a.posted_minor + c.posted_minor, reserved_minor = a.reserved_minor + c.reserved_minor
    FROM (SELECT sum(settled) * ${AMOUNT_MINOR} AS settled_minor, sum(reviewed) * ${AMOUNT_MINOR} AS reviewed_minor FROM past_bulk) AS p
   CROSS JOIN LATERAL (VALUES (:account::uuid, reviewed_minor, reviewed_minor), (${systemAccount('clearing')}, settled_minor, 0),
                              (${systemAccount('bank')}, -settled_minor - reviewed_minor, 0)) AS c (id, posted_minor, reserved_minor)
   WHERE a.id = c.id`;

/** Seals the IBANs of the lines, which the database cannot. */
const SEAL_LINES = Symbol('seal lines');

/** In this order, in one transaction. */
export const HISTORY_STEPS = [
  'TRUNCATE past_bulk, past_line, past_iban',
  COUNT_BULKS,
  'ANALYZE past_bulk',
  COUNT_LINES,
  SEAL_LINES,
  BULKS,
  CHUNKS,
  TRANSFERS,
  TRANSITIONS,
  HOLDS,
  CLEARING_ACCOUNT,
  ENTRIES,
  FUNDING,
  BALANCES,
];
