import { randomUUID } from 'node:crypto';
import { openSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { ApiClient } from '../scripts/api-client.mjs';
import { newAdminKey } from '../scripts/demo-state.mjs';
import { startServers } from '../scripts/local-servers/index.mjs';
import { migrate } from '../scripts/migrations.mjs';
import { startApi, startWorker } from '../scripts/processes.mjs';
import { runScript } from '../scripts/run-script.mjs';
import { DEMO_ACCOUNT, seedDemo } from '../scripts/seed.mjs';
import { makeTempDir } from '../scripts/temp-dir.mjs';

const LINES = Number(process.env.BENCH_LINES ?? 10_000);
const POLL_MS = 10;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);

// One bulk through HTTP, from the POST until it is completed, against the raw COPY of the same rows: interleaved, in one run.
runScript(async () => {
  const dir = makeTempDir('bench');
  const { postgres, redis } = await startServers({ dir, isTemporary: true });
  await migrate(postgres.url);
  const env = {
    ...process.env,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    ADMIN_API_KEY: newAdminKey(),
    SANDBOX_JOURNAL: 'off',
    MAX_TRANSFERS_PER_BULK: '100000',
    LOG_LEVEL: 'warn',
  };
  const output = openSync(path.join(dir, 'processes.log'), 'a');
  const { baseUrl } = await startApi({ env, output });
  await startWorker({ env, output });
  const { demoApiKey } = await seedDemo({ baseUrl, adminKey: env.ADMIN_API_KEY });
  const api = new ApiClient({ baseUrl, apiKey: demoApiKey ?? '' });
  const database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  await database.query('CREATE TABLE bench_rows (LIKE transfers INCLUDING ALL) WITH (fillfactor = 45)');

  /** @type {{acceptMs: number, totalMs: number, copyMs: number}[]} */
  const rounds = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const bulk = await payBulk(api);
    const copyMs = await copyRows(database, bulk.id);
    // The first round warms everything up.
    if (round >= 0) rounds.push({ ...bulk, copyMs });
  }
  await database.end();
  report(rounds);
});

/** @param {ApiClient} api */
async function payBulk(api) {
  const body = { request_id: randomUUID(), ...payroll() };
  const startedAt = performance.now();
  const { id } = await api.post('/bulk-requests', body);
  const acceptedAt = performance.now();
  for (;;) {
    const { status } = await api.get(`/bulk-requests/${id}/status`);
    if (status === 'completed') break;
    if (status !== 'processing') throw new Error(`the bulk ended as ${status}`);
    // Asking without a pause would take a core from what is measured.
    await delay(POLL_MS);
  }
  return { id, acceptMs: acceptedAt - startedAt, totalMs: performance.now() - startedAt };
}

function payroll() {
  return {
    organization_iban: DEMO_ACCOUNT.iban,
    organization_bic: DEMO_ACCOUNT.bic,
    credit_transfers: Array.from({ length: LINES }, (_, line) => ({
      amount: '0.01',
      currency: 'EUR',
      counterparty_name: `Employee number ${line}`,
      counterparty_bic: 'DEUTDEFFXXX',
      counterparty_iban: 'DE89370400440532013000',
      description: `Salary ${line}`,
    })),
  };
}

/**
 * The same rows, as text that PostgreSQL made of them, into a table with the same columns and indexes.
 *
 * @param {pg.Client} database
 * @param {string} bulkId
 */
async function copyRows(database, bulkId) {
  await database.query('TRUNCATE bench_rows');
  const { rows } = await database.query({
    text: `SELECT t::text AS line FROM (SELECT * FROM transfers WHERE bulk_id = $1 ORDER BY line) t`,
    values: [bulkId],
  });
  const text = rows.map(({ line }) => `${line.slice(1, -1)}\n`);
  const startedAt = performance.now();
  await pipeline(Readable.from(text), database.query(copyFrom(`COPY bench_rows FROM STDIN WITH (FORMAT csv)`)));
  return performance.now() - startedAt;
}

/** @param {{acceptMs: number, totalMs: number, copyMs: number}[]} rounds */
function report(rounds) {
  const perSecond = (/** @type {number} */ ms) => Math.round((LINES / ms) * 1_000);
  console.log(`${LINES} lines a bulk, ${ROUNDS} rounds, median (min to max)`);
  console.log(`  accepted in          ${spread(rounds.map(({ acceptMs }) => acceptMs))} ms`);
  console.log(`  completed in         ${spread(rounds.map(({ totalMs }) => totalMs))} ms`);
  console.log(`  end to end           ${spread(rounds.map(({ totalMs }) => perSecond(totalMs)))} lines/s`);
  console.log(`  raw COPY of the rows ${spread(rounds.map(({ copyMs }) => perSecond(copyMs)))} rows/s`);
  console.log(`  end to end / COPY    ${spread(rounds.map(({ totalMs, copyMs }) => (copyMs / totalMs) * 100))} %`);
}

/** @param {number[]} values */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const shown = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)].map((value) =>
    Math.round(value ?? 0),
  );
  return `${shown[0]} (${shown[1]} to ${shown[2]})`;
}
