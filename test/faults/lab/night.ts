import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { makeTempDir } from '../../../scripts/temp-dir.mjs';
import type { BulkRequestDto } from '../../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import { ACME_BIC, ACME_IBAN } from '../../support/acme.js';
import { startBank, TEST_CALLBACK_SECRET, type TestBank } from '../../support/bank.js';
import { eventually } from '../../support/eventually.js';
import { startApi, stopProcesses, type TestProcess } from '../../support/processes.js';
import { assertNight, type ExpectedNight } from './assert-night.js';
import { type Answer, callApi, type CallOptions, mustCall } from './client.js';
import { type Fleet, startFleet } from './fleet.js';
import { bulkOf, type Line } from './payroll.js';
import { createRandom, type Random, seedOf } from './random.js';
import { type LabPostgres, type LabRedis, startLabPostgres, startLabRedis } from './servers.js';
import type { Sql } from './sql.js';

/** How long a lease lasts at night. */
export const LEASE_MS = 4_000;

/** Short leases and horizons, so that recovery takes seconds; everything else as in production. */
const ENV = {
  CHUNK_SIZE: '100',
  CHUNK_LEASE_MS: String(LEASE_MS),
  SWEEP_INTERVAL_MS: '300',
  RETRY_BASE_MS: '50',
  RETRY_MAX_MS: '2000',
  RAIL_VISIBILITY_HORIZON_MS: '1000',
  RAIL_HTTP_TIMEOUT_MS: '1500',
  RAIL_CONCURRENCY: '40',
  TRANSFER_MAX_ATTEMPTS: '50',
  RECONCILIATION_INTERVAL_MS: '0',
  DEFAULT_RAIL: 'http',
  MIGRATE_ON_START: 'true',
  RAIL_HTTP_CALLBACK_SECRET: TEST_CALLBACK_SECRET,
};

/** The whole product as real processes, with PostgreSQL, Redis and a bank of its own, on its worst night. */
export interface Night {
  readonly random: Random;
  readonly bank: TestBank;
  readonly postgres: LabPostgres;
  readonly redis: LabRedis;
  readonly workers: Fleet;
  readonly organizationId: string;
  readonly accountId: string;
  /** Of the API that is talked to. */
  readonly apiUrl: string;
  /** One more API, with other settings if need be; nobody talks to it by himself. */
  startApi(env?: Record<string, string>): Promise<TestProcess>;
  /** kill -9 of the API. */
  killApi(): Promise<void>;
  /** A new API in the place of the one that was killed; the bank's callbacks go there. */
  replaceApi(): Promise<void>;
  /** A request to the API about the organization. */
  call<Body = Record<string, unknown>>(method: string, path: string, options?: CallOptions): Promise<Answer<Body>>;
  readonly sql: Sql;
  /** Submits what must be accepted, as a careful client does: under one key, until it is acknowledged. */
  submit(lines: readonly Line[], values?: object): Promise<string>;
  /** For bulks posted by `call`: an acknowledged bulk must exist and end. */
  acknowledged(bulkId: string): void;
  settledLines(bulkId: string): Promise<number>;
  untilSettled(bulkId: string, lines: number): Promise<void>;
  /** Every bulk has ended. `meanwhile` is done again and again until then. */
  untilEnded(options?: { timeoutMs?: number; meanwhile?: () => Promise<void> }): Promise<void>;
  /** The bank has reported everything, and everything it said was looked at. */
  untilQuiet(): Promise<void>;
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
  const optionsWith = (more: Record<string, string> = {}) => ({
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    env: { ...ENV, RAIL_HTTP_URL: bank.url, ...env, ...more },
  });
  const startApiForBank = async (): Promise<TestProcess> => {
    const started = await startApi(optionsWith());
    await bank.directCallbacks(`${started.url}/api/v1/rails/http/events`);
    return started;
  };
  let api = await startApiForBank();
  const workers = await startFleet(workerCount, random, optionsWith);
  const { organizationId, accountId } = await seed(api);
  const acknowledged = new Map<string, { options: CallOptions; text: string } | null>();
  const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
  pool.on('error', () => undefined); // PostgreSQL is restarted on purpose
  const sql: Sql = async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
    (await pool.query<Row>(text, values)).rows;
  const settledLines = async (bulkId: string): Promise<number> => {
    const [row] = await sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM transfers WHERE bulk_id = $1 AND status = 'settled'`,
      [bulkId],
    );
    return row?.n ?? 0;
  };
  return {
    random,
    bank,
    postgres,
    redis,
    workers,
    organizationId,
    accountId,
    get apiUrl() {
      return api.url;
    },
    startApi: (more) => startApi(optionsWith(more)),
    killApi: () => api.kill(),
    replaceApi: async () => void (api = await startApiForBank()),
    call: (method, path, options) => callApi(api, method, path, { organizationId, ...options }),
    sql,
    submit: async (lines, values = {}) => {
      const body = bulkOf(lines, { request_id: randomUUID(), ...values });
      const options = { body, organizationId, key: randomUUID() };
      const what = 'a bulk request to be acknowledged';
      const post = (): Promise<Answer<BulkRequestDto>> => mustCall(api, 'POST', '/bulk-requests', options);
      const { body: bulk, text } = await eventually(post, { what });
      acknowledged.set(bulk.id, { options, text });
      return bulk.id;
    },
    acknowledged: (bulkId) => void acknowledged.set(bulkId, null),
    settledLines,
    untilSettled: async (bulkId, lines) => {
      const what = `${lines} lines of ${bulkId} to settle`;
      await eventually(async () => (await settledLines(bulkId)) >= lines, { what, timeoutMs: 60_000 });
    },
    untilEnded: async ({ timeoutMs = 90_000, meanwhile } = {}) => {
      const check = async (): Promise<true> => {
        await meanwhile?.();
        const open = await sql(
          `SELECT b.id, b.status, t.status AS line_status, count(*)::int AS lines
             FROM bulk_requests b JOIN transfers t ON t.bulk_id = b.id WHERE b.completed_at IS NULL GROUP BY 1, 2, 3`,
        );
        if (open.length > 0) throw new Error(`Open: ${JSON.stringify(open)}`);
        return true;
      };
      await eventually(check, { what: 'every bulk to end', timeoutMs });
    },
    untilQuiet: async () => {
      const check = async (): Promise<boolean> => {
        const { callbacks } = await bank.summary();
        const [left] = await sql(`SELECT (SELECT count(*)::int FROM outbox) AS jobs,
          (SELECT count(*)::int FROM rail_evidence WHERE applied_at IS NULL) AS evidence`);
        return callbacks.open === 0 && left?.['jobs'] === 0 && left['evidence'] === 0;
      };
      await eventually(check, { what: 'the last reports and jobs to be done', timeoutMs: 60_000 });
    },
    assertInvariants: async (expected) => {
      const changedReplays: string[] = [];
      for (const [id, first] of acknowledged) {
        if (!first) continue;
        const again = await mustCall(api, 'POST', '/bulk-requests', first.options);
        if (again.text !== first.text) changedReplays.push(id);
      }
      await assertNight({ sql, bank, acknowledged: [...acknowledged.keys()], changedReplays }, expected);
    },
    close: async () => {
      await stopProcesses();
      await pool.end();
      await Promise.all([postgres.close(), redis.close()]);
    },
  };
}

/** ACME Corp with more money than a night can spend. */
async function seed(api: TestProcess): Promise<{ organizationId: string; accountId: string }> {
  const organization = { name: 'ACME Corp', slug: 'acme-corp' };
  const {
    body: { id: organizationId },
  } = await mustCall<{ id: string }>(api, 'POST', '/organizations', { body: organization });
  const account = { name: 'ACME operating account', currency: 'EUR', iban: ACME_IBAN, bic: ACME_BIC };
  const {
    body: { id: accountId },
  } = await mustCall<{ id: string }>(api, 'POST', '/accounts', { body: account, organizationId });
  const funding = { dst_account_id: accountId, amount: '10000000.00', direction: 'credit', reason: 'Funding' };
  await mustCall(api, 'POST', '/bank-transactions', { body: funding, organizationId });
  return { organizationId, accountId };
}
