// The engine one would write first, to compare with: a job per transfer, and each updates the account's row. Every statement is
// prepared and nothing is validated, so that only the design is slow. Started by engine.mjs.
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import pg from 'pg';
import { ACCOUNT_ID, CLEARING_ID } from './schema.mjs';

const CONCURRENCY = 50;
const POOL_SIZE = 20;
const ROWS_PER_INSERT = 1_000;
const JOBS_PER_ADD = 1_000;

const connection = { url: process.env.REDIS_URL, maxRetriesPerRequest: null };
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE });
const transfers = new Queue('transfers', { connection });

/**
 * @param {pg.PoolClient | pg.Pool} on
 * @param {string} name
 * @param {string} text
 * @param {unknown[]} values
 */
function run(on, name, text, values) {
  return on.query({ name, text, values });
}

/** @param {(client: pg.PoolClient) => Promise<void>} work */
async function inTransaction(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** @param {{data: {bulkId: string, lines: number}}} job */
async function acceptBulk({ data: { bulkId, lines } }) {
  const ids = Array.from({ length: lines }, () => randomUUID());
  await inTransaction(async (client) => {
    await run(client, 'bulk', 'INSERT INTO naive.bulks (id, account_id, lines) VALUES ($1, $2, $3)', [
      bulkId,
      ACCOUNT_ID,
      lines,
    ]);
    for (let from = 0; from < lines; from += ROWS_PER_INSERT) {
      const part = ids.slice(from, from + ROWS_PER_INSERT);
      await insertTransfers(client, bulkId, from, part);
    }
    await run(client, 'reserve', 'UPDATE naive.accounts SET reserved = reserved + $2 WHERE id = $1', [
      ACCOUNT_ID,
      lines,
    ]);
  });
  for (let from = 0; from < lines; from += JOBS_PER_ADD) {
    const part = ids.slice(from, from + JOBS_PER_ADD);
    await transfers.addBulk(
      part.map((id) => ({ name: 'transfer', data: { id, bulkId }, opts: { jobId: id, removeOnComplete: true } })),
    );
  }
}

/**
 * @param {pg.PoolClient} client
 * @param {string} bulkId
 * @param {number} from
 * @param {string[]} ids
 */
async function insertTransfers(client, bulkId, from, ids) {
  await run(
    client,
    'insert',
    `INSERT INTO naive.transfers (id, bulk_id, line, account_id, amount_minor, currency, name, iban, bic, description)
     SELECT id, $1, line, $2, 1, 'EUR', name, 'DE89370400440532013000', 'DEUTDEFFXXX', description
       FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[]) AS l(id, line, name, description)`,
    [
      bulkId,
      ACCOUNT_ID,
      ids,
      ids.map((_, index) => from + index),
      ids.map((_, index) => `Employee number ${from + index}`),
      ids.map((_, index) => `Salary ${from + index}`),
    ],
  );
}

/** @param {{data: {id: string, bulkId: string}}} job */
async function payTransfer({ data: { id, bulkId } }) {
  const claimed = await run(
    pool,
    'claim',
    `UPDATE naive.transfers SET status = 'submitting', attempts = attempts + 1
      WHERE id = $1 AND status IN ('pending', 'submitting') RETURNING amount_minor`,
    [id],
  );
  if (claimed.rowCount === 0) return;
  await nextTurn(); // the rail: settles at once, like the product's sandbox
  await inTransaction(async (client) => {
    const settled = await run(
      client,
      'settle',
      `UPDATE naive.transfers SET status = 'settled', rail_id = $2, settled_at = now()
        WHERE id = $1 AND status = 'submitting' RETURNING amount_minor`,
      [id, `R${id}`],
    );
    if (settled.rowCount === 0) return;
    const amount = settled.rows[0].amount_minor;
    await run(
      client,
      'post',
      `INSERT INTO naive.postings (transfer_id, account_id, amount_minor)
      VALUES ($1, $2, -$4::bigint), ($1, $3, $4::bigint)`,
      [id, ACCOUNT_ID, CLEARING_ID, amount],
    );
    await run(
      client,
      'count',
      `UPDATE naive.bulks SET settled = settled + 1, status = CASE WHEN settled + 1 = lines THEN 'completed' ELSE status END
        WHERE id = $1`,
      [bulkId],
    );
    await run(
      client,
      'account',
      `UPDATE naive.accounts SET balance = balance - $2, reserved = reserved - $2 WHERE id = $1`,
      [ACCOUNT_ID, amount],
    );
  });
}

const workers = [
  new Worker('bulks', acceptBulk, { connection, concurrency: 1 }),
  new Worker('transfers', payTransfer, { connection, concurrency: CONCURRENCY }),
];
for (const worker of workers) {
  for (const event of /** @type {const} */ (['error', 'failed'])) {
    worker.on(event, (/** @type {unknown[]} */ ...details) => console.error(worker.name, event, ...details.slice(-2)));
  }
}
process.once('SIGTERM', async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  await transfers.close();
  await pool.end();
});
await Promise.all(workers.map((worker) => worker.waitUntilReady()));
console.log('ready');
