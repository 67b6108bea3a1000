import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { ScriptError } from '../../scripts/script-error.mjs';
import { SupervisedProcess } from '../../scripts/supervised-process.mjs';
import { ACCOUNT_ID, CLEARING_ID, SCHEMA } from './schema.mjs';

const POLL_MS = 10;
const TIMEOUT_MS = 300_000;
const OPENING_MINOR = 1_000_000_000;

/**
 * The naive engine as a process of its own, beside the product, on the same servers.
 *
 * @param {import('../lib/lab.mjs').Lab} lab
 * @returns {Promise<{pid: number, payBulk: (lines: number) => Promise<{id: string, totalMs: number}>,
 *   assertBooked: (id: string, lines: number) => Promise<void>, close: () => Promise<void>}>}
 */
export async function startNaiveEngine({ database, postgres, redis }) {
  await database.query(SCHEMA);
  await database.query(`INSERT INTO naive.accounts (id, balance) VALUES ($1, $3), ($2, $3)`, [
    ACCOUNT_ID,
    CLEARING_ID,
    OPENING_MINOR,
  ]);
  const redisUrl = `${redis.url}/1`; // not the product's database: the names of queues stay apart
  const worker = await startWorker({ ...process.env, DATABASE_URL: postgres.url, REDIS_URL: redisUrl });
  const bulks = new Queue('bulks', { connection: { url: redisUrl } });
  return {
    pid: worker.pid ?? 0,
    payBulk: async (lines) => {
      const bulkId = randomUUID();
      const startedAt = performance.now();
      await bulks.add('bulk', { bulkId, lines }, { removeOnComplete: true });
      while (!(await isCompleted(database, bulkId))) {
        if (worker.hasExited) throw new ScriptError(`The naive engine ${await worker.ended}: ${worker.output}`);
        if (performance.now() - startedAt > TIMEOUT_MS) {
          throw new ScriptError(`The naive engine did not complete ${lines} transfers: ${worker.output}`);
        }
        await delay(POLL_MS);
      }
      return { id: bulkId, totalMs: performance.now() - startedAt };
    },
    assertBooked: (id, lines) => assertBooked(database, id, lines),
    close: async () => {
      await bulks.close();
      await worker.stop();
    },
  };
}

/** @param {NodeJS.ProcessEnv} env */
async function startWorker(env) {
  /** @type {() => void} */
  let saidReady = () => {};
  const ready = new Promise((resolve) => (saidReady = () => resolve(undefined)));
  const worker = new SupervisedProcess({
    name: 'naive engine',
    command: process.execPath,
    // As the product's processes are started.
    args: ['--max-semi-space-size=32', '--heap-growing-percent=30', path.join(import.meta.dirname, 'worker.mjs')],
    env,
    onOutput: (text) => {
      if (/^ready$/m.test(text)) saidReady();
    },
  });
  const problem = await Promise.race([ready, worker.ended]);
  if (problem) throw new ScriptError(`The naive engine did not start: it ${problem}: ${worker.output}`);
  return worker;
}

/**
 * @param {import('pg').Client} database
 * @param {string} bulkId
 */
async function isCompleted(database, bulkId) {
  const { rows } = await database.query({
    name: 'naive-status',
    text: 'SELECT status FROM naive.bulks WHERE id = $1',
    values: [bulkId],
  });
  return rows[0]?.status === 'completed';
}

/**
 * A fast engine that loses money would be no baseline.
 *
 * @param {import('pg').Client} database
 * @param {string} bulkId
 * @param {number} lines
 */
async function assertBooked(database, bulkId, lines) {
  const { rows } = await database.query(
    `SELECT count(*)::int AS settled, (SELECT reserved::int FROM naive.accounts WHERE id = $2) AS reserved
       FROM naive.transfers t WHERE bulk_id = $1 AND status = 'settled'
        AND (SELECT count(*) FROM naive.postings p WHERE p.transfer_id = t.id) = 2`,
    [bulkId, ACCOUNT_ID],
  );
  if (rows[0]?.settled !== lines || rows[0]?.reserved !== 0) {
    throw new ScriptError(`The naive engine booked ${JSON.stringify(rows[0])} of ${lines}`);
  }
}
