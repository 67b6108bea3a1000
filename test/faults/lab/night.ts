import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { makeTempDir } from '../../../scripts/temp-dir.mjs';
import type { BulkRequestDto } from '../../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import { ACME_BIC, ACME_IBAN } from '../../support/acme.js';
import { startBank, TEST_CALLBACK_SECRET, type TestBank } from '../../support/bank.js';
import { eventually } from '../../support/eventually.js';
import { startApi, startWorker, stopProcesses, TEST_ADMIN_KEY, type TestProcess } from '../../support/processes.js';
import { assertNight, type ExpectedNight } from './assert-night.js';
import { createRandom, type Random, seedOf } from './random.js';
import { type LabPostgres, type LabRedis, startLabPostgres, startLabRedis } from './servers.js';

/** Short leases and horizons, so that recovery takes seconds; everything else as in production. */
const ENV = {
  CHUNK_SIZE: '100',
  CHUNK_LEASE_MS: '4000',
  SWEEP_INTERVAL_MS: '300',
  RETRY_BASE_MS: '50',
  RETRY_MAX_MS: '2000',
  RAIL_VISIBILITY_HORIZON_MS: '1000',
  RAIL_HTTP_TIMEOUT_MS: '1500',
  RAIL_CONCURRENCY: '40',
  TRANSFER_MAX_ATTEMPTS: '50',
  RECONCILIATION_INTERVAL_MS: '0',
  DEFAULT_RAIL: 'http',
};

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface Line {
  amount: string;
  counterparty_name: string;
  counterparty_iban: string;
  client_transfer_id?: string;
  description?: string;
}

/** The whole product as real processes, with PostgreSQL, Redis and a bank of its own, on its worst night. */
export interface Night {
  readonly random: Random;
  readonly bank: TestBank;
  readonly postgres: LabPostgres;
  readonly redis: LabRedis;
  /** The API processes; the first one is talked to unless `call` says otherwise. */
  readonly apis: TestProcess[];
  /** The workers that are meant to be running. */
  readonly workers: TestProcess[];
  readonly organizationId: string;
  readonly accountId: string;
  startApi(): Promise<TestProcess>;
  startWorker(env?: Record<string, string>): Promise<TestProcess>;
  /** kill -9 of one of the workers, and a new one in its place. */
  replaceWorker(at: number): Promise<void>;
  call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    options?: { body?: unknown; key?: string; api?: TestProcess; organizationId?: string },
  ): Promise<Answer<Body>>;
  sql<Row extends pg.QueryResultRow = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Submits what must be accepted, and remembers that it was. */
  submit(lines: readonly Line[], values?: object): Promise<string>;
  /** For bulks posted by `call`: an acknowledged bulk must exist and end. */
  acknowledged(bulkId: string): void;
  settledLines(bulkId: string): Promise<number>;
  untilSettled(bulkId: string, lines: number): Promise<void>;
  /** Every acknowledged bulk has ended, but for those named. */
  untilEnded(options?: { timeoutMs?: number; except?: readonly string[] }): Promise<void>;
  /** All invariants, over our books and the bank's. A failure prints the whole history of the offenders. */
  assertInvariants(expected?: ExpectedNight): Promise<void>;
  close(): Promise<void>;
}

export interface NightOptions {
  env?: Record<string, string>;
  workers?: number;
}

export async function startNight({ env = {}, workers: workerCount = 2 }: NightOptions = {}): Promise<Night> {
  const random = createRandom(seedOf(process.env.FAULT_SEED));
  const dir = makeTempDir('night');
  const [postgres, redis, bank] = await Promise.all([startLabPostgres(dir), startLabRedis(dir), startBank()]);
  const options = (more: Record<string, string> = {}) => ({
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    env: {
      ...ENV,
      MIGRATE_ON_START: 'true',
      RAIL_HTTP_URL: bank.url,
      RAIL_HTTP_CALLBACK_SECRET: TEST_CALLBACK_SECRET,
      ...env,
      ...more,
    },
  });
  const apis = [await startApi(options())];
  await bank.directCallbacks(`${apis[0]?.url}/api/v1/rails/http/events`);
  const workers = await Promise.all(Array.from({ length: workerCount }, () => startWorker(options())));
  const acknowledged = new Set<string>();
  const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
  pool.on('error', () => undefined); // PostgreSQL is restarted on purpose

  const call: Night['call'] = async <Body>(
    method: string,
    path: string,
    { body, key, api = apis[0], organizationId = night.organizationId }: Parameters<Night['call']>[2] = {},
  ): Promise<Answer<Body>> => {
    const response = await fetch(`${api?.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TEST_ADMIN_KEY}`,
        ...(organizationId === '' ? {} : { 'x-organization-id': organizationId }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text === '' ? '{}' : text) };
  };
  const sql = async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> =>
    (await pool.query<Row>(text, values)).rows;
  const must = async <Body>(method: string, path: string, body: unknown, organizationId: string): Promise<Body> => {
    const answer = await call<Body>(method, path, { body, organizationId });
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  const settledLines = async (bulkId: string): Promise<number> => {
    const [row] = await sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM transfers WHERE bulk_id = $1 AND status = 'settled'`,
      [bulkId],
    );
    return row?.n ?? 0;
  };
  const night: Omit<Night, 'organizationId' | 'accountId'> & { organizationId: string; accountId: string } = {
    random,
    bank,
    postgres,
    redis,
    apis,
    workers,
    organizationId: '',
    accountId: '',
    startApi: async () => {
      const api = await startApi(options());
      apis.push(api);
      return api;
    },
    startWorker: async (more) => {
      const worker = await startWorker(options(more));
      workers.push(worker);
      return worker;
    },
    replaceWorker: async (at) => {
      await workers[at]?.kill();
      workers[at] = await startWorker(options());
    },
    call,
    sql,
    submit: async (lines, values = {}) => {
      const bulk = { organization_iban: ACME_IBAN, organization_bic: ACME_BIC, request_id: randomUUID(), ...values };
      const body = { ...bulk, credit_transfers: lines };
      const { id } = await must<BulkRequestDto>('POST', '/bulk-requests', body, night.organizationId);
      acknowledged.add(id);
      return id;
    },
    acknowledged: (bulkId) => void acknowledged.add(bulkId),
    settledLines,
    untilSettled: async (bulkId, lines) => {
      await eventually(async () => (await settledLines(bulkId)) >= lines, {
        what: `${lines} lines of ${bulkId} to settle`,
        timeoutMs: 60_000,
      });
    },
    untilEnded: async ({ timeoutMs = 90_000, except = [] } = {}) => {
      const open = async (): Promise<{ id: string; status: string }[]> =>
        sql(
          `SELECT id, status FROM bulk_requests WHERE completed_at IS NULL AND NOT id = ANY($1::uuid[])
              AND NOT coalesce(origin_id = ANY($1::uuid[]), false)`,
          [except],
        ).catch(() => [{ id: '', status: 'PostgreSQL is away' }]) as Promise<{ id: string; status: string }[]>;
      await eventually(async () => (await open()).length === 0, { what: 'every bulk to end', timeoutMs });
    },
    assertInvariants: (expected) => assertNight({ sql, bank, acknowledged: [...acknowledged] }, expected),
    close: async () => {
      await stopProcesses();
      await pool.end();
      await Promise.all([postgres.close(), redis.close()]);
    },
  };
  const organization = { name: 'ACME Corp', slug: 'acme-corp' };
  night.organizationId = (await must<{ id: string }>('POST', '/organizations', organization, '')).id;
  const account = { name: 'ACME operating account', currency: 'EUR', iban: ACME_IBAN, bic: ACME_BIC };
  night.accountId = (await must<{ id: string }>('POST', '/accounts', account, night.organizationId)).id;
  const funding = { dst_account_id: night.accountId, amount: '10000000.00', direction: 'credit', reason: 'Funding' };
  await must('POST', '/bank-transactions', funding, night.organizationId);
  return night;
}

/** `count` lines of different amounts; `describe` steers the bank by the remittance. */
export function payroll(count: number, describe: (line: number) => string = (line) => `Salary ${line}`): Line[] {
  return Array.from({ length: count }, (_, line) => ({
    amount: `${1 + (line % 7)}.${String(line % 100).padStart(2, '0')}`,
    counterparty_name: `Employee ${line}`,
    counterparty_iban: 'DE89370400440532013000',
    client_transfer_id: `line-${line}`,
    description: describe(line),
  }));
}
