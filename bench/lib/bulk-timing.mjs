import { setTimeout as delay } from 'node:timers/promises';
import { ScriptError } from '../../scripts/script-error.mjs';
import { bulkBody } from './organizations.mjs';

const POLL_MS = 25;
/** No bulk of a measure takes that long; one that does will not end. */
const DEADLINE_MS = 600_000;

/**
 * @typedef {object} TimedBulk
 * @property {string} id
 * @property {number} lines
 * @property {number} acceptMs from the POST to its answer
 * @property {number} totalMs from the POST to the answer that says "completed"
 * @property {number} acceptTransactionMs of acceptMs: the transaction, up to its commit record
 * @property {{accept: number, dispatch: number, execute: number, complete: number}} splits in ms; their sum is totalMs
 */

/**
 * Posts a bulk and asks for its status until it is completed.
 *
 * @param {import('pg').Client} database
 * @param {import('./organizations.mjs').Organization} organization
 * @param {number | readonly object[]} lines how many, or which
 * @param {object} [options]
 * @param {number} [options.pollMs] asking without a pause would take a core from what is measured
 * @param {Record<string, unknown>} [options.fields] more of the request
 * @returns {Promise<TimedBulk>}
 */
export async function submitAndWait(database, organization, lines, { pollMs = POLL_MS, fields } = {}) {
  const { api } = organization;
  const body = bulkBody(organization, lines, fields);
  const startedAt = wallClock();
  const { id } = await api.post('/bulk-requests', body);
  const acceptedAt = wallClock();
  const endedAt = await untilCompleted(api, id, pollMs);
  const count = typeof lines === 'number' ? lines : lines.length;
  return { id, lines: count, ...(await timesOf(database, id, { startedAt, acceptedAt, endedAt })) };
}

/**
 * @param {import('./http-client.mjs').HttpClient} api
 * @param {string} id
 * @param {number} [pollMs]
 * @returns {Promise<number>} when its completion was seen, in ms of the wall clock
 */
export async function untilCompleted(api, id, pollMs = POLL_MS) {
  const deadline = wallClock() + DEADLINE_MS;
  for (;;) {
    const { status, counts } = await api.get(`/bulk-requests/${id}/status`);
    if (status === 'completed') return wallClock();
    if (status !== 'processing') throw new ScriptError(`the bulk ended as ${status}`);
    if (wallClock() > deadline) throw new ScriptError(`the bulk ${id} does not end: ${JSON.stringify(counts)}`);
    await delay(pollMs);
  }
}

/** The one that PostgreSQL reads too, with decimals. */
export function wallClock() {
  return performance.timeOrigin + performance.now();
}

/**
 * Between the client's times, those of commits: of the transaction that accepted (its idempotency row is written by no other), of
 * the first lease and of the last record (each the last to write its chunk).
 *
 * @param {import('pg').Client} database
 * @param {string} id
 * @param {{startedAt: number, acceptedAt: number, endedAt: number}} seen
 */
async function timesOf(database, id, { startedAt, acceptedAt, endedAt }) {
  const { rows } = await database.query(
    `SELECT extract(epoch FROM c.first_leased) * 1000 AS first_leased, extract(epoch FROM c.last_recorded) * 1000 AS last_recorded,
            extract(epoch FROM pg_xact_commit_timestamp(k.xmin) - b.created_at) * 1000 AS accept_transaction
       FROM bulk_requests b
       JOIN idempotency_keys k ON k.organization_id = b.organization_id AND k.resource_id = b.id,
            LATERAL (SELECT min(leased_at) AS first_leased, max(pg_xact_commit_timestamp(xmin)) AS last_recorded
                       FROM chunks WHERE bulk_id = b.id) c
      WHERE b.id = $1`,
    [id],
  );
  const [row] = rows;
  if (!row) throw new ScriptError(`the bulk ${id} left no trace in the database`);
  // A chunk may be leased, and a small bulk be done, before the answer to its POST is read.
  const firstLeased = clamp(Number(row.first_leased), acceptedAt, endedAt);
  const lastRecorded = clamp(Number(row.last_recorded), firstLeased, endedAt);
  return {
    acceptMs: acceptedAt - startedAt,
    totalMs: endedAt - startedAt,
    acceptTransactionMs: Number(row.accept_transaction),
    splits: {
      accept: acceptedAt - startedAt,
      dispatch: firstLeased - acceptedAt,
      execute: lastRecorded - firstLeased,
      complete: endedAt - lastRecorded,
    },
  };
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
