import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { ACME_BIC, ACME_IBAN } from './acme.js';
import { eventually } from './eventually.js';
import { startApi, startWorker, stopProcesses, TEST_ADMIN_KEY, type TestProcess } from './processes.js';
import { createTestDatabase } from './test-database.js';
import { testRedisUrl } from './test-redis.js';

/** Short leases and horizons, so that recovery takes seconds; everything else as in production. */
const ENV = {
  CHUNK_SIZE: '50',
  CHUNK_LEASE_MS: '1500',
  SWEEP_INTERVAL_MS: '200',
  RETRY_BASE_MS: '50',
  RAIL_VISIBILITY_HORIZON_MS: '500',
};

/** The product as real processes on a database and a Redis database of its own, with ACME Corp and its money. */
export interface FaultLab {
  redisUrl: string;
  api: TestProcess;
  startWorker(): Promise<TestProcess>;
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Submits a bulk of lines that take `slowMs` at the rail each, and returns its id. */
  submit(lines: number, slowMs: number): Promise<string>;
  settledLines(bulkId: string): Promise<number>;
  /** Waits until at least so many lines have settled. */
  untilSettled(bulkId: string, lines: number): Promise<void>;
  untilCompleted(bulkId: string): Promise<void>;
  close(): Promise<void>;
}

export interface FaultLabOptions {
  /** Where the API and the workers see Redis, when not at its own address. */
  apiRedisUrl?: string;
  workerRedisUrl?: string;
}

export async function startFaultLab({ apiRedisUrl, workerRedisUrl }: FaultLabOptions = {}): Promise<FaultLab> {
  const database = await createTestDatabase();
  const redisUrl = await testRedisUrl();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const options = { databaseUrl: database.url, env: ENV };
  const api = await startApi({ ...options, redisUrl: apiRedisUrl ?? redisUrl });
  const organizationId = await seed(api);
  const sql = async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> =>
    (await client.query<Row>(text, values)).rows;
  const settledLines = async (bulkId: string): Promise<number> => {
    const [row] = await sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM transfers WHERE bulk_id = $1 AND status = 'settled'`,
      [bulkId],
    );
    return row?.n ?? 0;
  };
  return {
    redisUrl,
    api,
    startWorker: () => startWorker({ ...options, redisUrl: workerRedisUrl ?? redisUrl }),
    sql,
    submit: async (lines, slowMs) => {
      const body = { request_id: randomUUID(), ...payroll(lines, slowMs) };
      const { id } = await post<{ id: string }>(api, '/bulk-requests', body, organizationId);
      return id;
    },
    settledLines,
    untilSettled: async (bulkId, lines) => {
      await eventually(async () => (await settledLines(bulkId)) >= lines, { what: `${lines} lines to settle` });
    },
    untilCompleted: async (bulkId) => {
      const what = `bulk request ${bulkId} to complete`;
      await eventually(async () => (await statusOf(sql, bulkId)) === 'completed', { what, timeoutMs: 60_000 });
    },
    close: async () => {
      await stopProcesses();
      await client.end();
      await database.drop();
    },
  };
}

async function statusOf(sql: FaultLab['sql'], bulkId: string): Promise<string> {
  const [row] = await sql<{ status: string }>(`SELECT status FROM bulk_requests WHERE id = $1`, [bulkId]);
  return row?.status ?? 'unknown';
}

async function seed(api: TestProcess): Promise<string> {
  const organization = await post<{ id: string }>(api, '/organizations', { name: 'ACME Corp', slug: 'acme-corp' });
  const account = { name: 'ACME operating account', currency: 'EUR', iban: ACME_IBAN, bic: ACME_BIC };
  const { id } = await post<{ id: string }>(api, '/accounts', account, organization.id);
  const funding = { dst_account_id: id, amount: '100000.00', direction: 'credit', reason: 'Funding' };
  await post(api, '/bank-transactions', funding, organization.id);
  return organization.id;
}

function payroll(lines: number, slowMs: number): object {
  return {
    organization_iban: ACME_IBAN,
    organization_bic: ACME_BIC,
    credit_transfers: Array.from({ length: lines }, (_, line) => ({
      amount: '1.00',
      counterparty_name: `Employee ${line}`,
      counterparty_iban: 'DE89370400440532013000',
      client_transfer_id: `line-${line}`,
      description: `sandbox:slow:${slowMs}`,
    })),
  };
}

async function post<T>(api: TestProcess, path: string, body: object, organizationId?: string): Promise<T> {
  const answer = await fetch(`${api.url}/api/v1${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${TEST_ADMIN_KEY}`,
      ...(organizationId === undefined ? {} : { 'x-organization-id': organizationId }),
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/**
 * What must be true of a completed bulk however often it was interrupted: every line settled once in the books, executed once at
 * the rail, sent once, and the money adds up.
 */
export async function assertPaidOnce(lab: FaultLab, bulkId: string, lines: number): Promise<void> {
  const [books] = await lab.sql(
    `SELECT count(*)::int AS settled, sum(amount_minor)::int AS amount,
            (SELECT count(*)::int FROM ledger_entries e JOIN transfers s ON s.id = e.transfer_id
              WHERE s.bulk_id = $1 AND e.kind = 'settlement') AS entries
       FROM transfers WHERE bulk_id = $1 AND status = 'settled'`,
    [bulkId],
  );
  expect(books).toEqual({ settled: lines, amount: lines * 100, entries: lines });
  const rail = await lab.sql(
    `SELECT count(*)::int AS executed, max(j.submissions) AS most_submissions
       FROM transfers t JOIN sandbox_journal j ON j.reference = replace(t.id::text, '-', '') WHERE t.bulk_id = $1`,
    [bulkId],
  );
  expect(rail).toEqual([{ executed: lines, most_submissions: 1 }]);
  const unbalanced = await lab.sql(
    `SELECT a.kind, a.posted_minor, a.reserved_minor FROM accounts a
      WHERE a.reserved_minor <> 0 OR a.posted_minor <>
            (SELECT coalesce(sum(CASE WHEN e.credit_account_id = a.id THEN e.amount_minor ELSE -e.amount_minor END), 0)
               FROM ledger_entries e WHERE a.id IN (e.credit_account_id, e.debit_account_id))`,
  );
  expect(unbalanced).toEqual([]);
  const holds = await lab.sql(
    `SELECT captured_minor::int AS captured, released_minor::int AS released FROM holds WHERE reference_id = $1`,
    [bulkId],
  );
  expect(holds).toEqual([{ captured: lines * 100, released: 0 }]);
}
