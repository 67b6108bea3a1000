import pg from 'pg';
import { openCounterparties, sealPastLines } from './counterparties.mjs';
import { HISTORY_STEPS, PREPARE_SESSION } from './history-sql.mjs';

export const BLOCK_LINES = 10_000;
const BLOCKS_PER_STEP = 50;
/** From so many new rows on it is faster to build the indexes afterwards. */
const REBUILD_INDEXES_FROM = 300_000;
const FILLED_TABLES = ['bulk_requests', 'chunks', 'transfers', 'transfer_transitions', 'ledger_entries', 'holds'];
const SYNTHETIC = `correlation_id = 'bench-history'`;

/**
 * @typedef {object} History
 * @property {number} transfers how many there are now
 * @property {number} seconds what it took
 */

/**
 * An organization's past: bulk requests paid over the last year, with every row the product would have left of them, and the balances that
 * follow. Four lines in five are of bulks of 10,000 lines, the others of bulks of 50. One in a thousand failed; of every hundredth
 * large bulk the first five lines wait for a person. Made by the database itself, in blocks of 10,000 lines. Nobody may use the database meanwhile: large steps take the indexes away and build them again.
 *
 * @param {object} options
 * @param {string} options.url of the database
 * @param {string} options.organizationId
 * @param {string} options.accountId whose money it was, in EUR
 * @param {string} options.encryptionKeys of the processes that will read it
 * @param {number} options.transfers how many there are to be in the end
 * @returns {Promise<History>}
 */
export async function fillHistory({ url, organizationId, accountId, encryptionKeys, transfers }) {
  const startedAt = performance.now();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const existing = await countBlocks(client);
    const wanted = Math.ceil(transfers / BLOCK_LINES);
    if (wanted > existing) {
      await client.query(PREPARE_SESSION);
      const counterparties = await openCounterparties(encryptionKeys);
      const isLarge = (wanted - existing) * BLOCK_LINES >= REBUILD_INDEXES_FROM;
      const rebuild = isLarge ? await dropIndexes(client) : [];
      for (let first = existing; first < wanted; first += BLOCKS_PER_STEP) {
        await addBlocks(client, {
          organizationId,
          accountId,
          counterparties,
          first,
          last: Math.min(first + BLOCKS_PER_STEP, wanted) - 1,
        });
      }
      for (const definition of rebuild) await client.query(definition);
      await settleDown(client);
    }
    return { transfers: wanted * BLOCK_LINES, seconds: (performance.now() - startedAt) / 1_000 };
  } finally {
    await client.end();
  }
}

/** @param {pg.Client} client */
async function countBlocks(client) {
  const { rows } = await client.query(
    `SELECT coalesce(sum(transfer_count), 0)::int AS lines FROM bulk_requests WHERE ${SYNTHETIC}`,
  );
  return rows[0].lines / BLOCK_LINES;
}

/**
 * All but those that are constraints, whose rows come in the order of their ids anyway.
 *
 * @param {pg.Client} client
 * @returns {Promise<string[]>} how to make them again
 */
async function dropIndexes(client) {
  const { rows } = await client.query(
    `SELECT i.indexname AS name, i.indexdef AS definition FROM pg_indexes i
      WHERE i.schemaname = current_schema() AND i.tablename = ANY ($1)
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = format('%I', i.indexname)::regclass)`,
    [['transfers', 'ledger_entries']],
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${client.escapeIdentifier(name)}`);
  return rows.map(({ definition }) => definition);
}

/**
 * One transaction: either all of this happened or none.
 *
 * @param {pg.Client} client
 * @param {{organizationId: string, accountId: string, counterparties: Awaited<ReturnType<typeof openCounterparties>>, first: number, last: number}} part
 */
async function addBlocks(client, { organizationId, accountId, counterparties, first, last }) {
  const values = { organization: organizationId, account: accountId, first, last, lines: BLOCK_LINES };
  await client.query('BEGIN');
  try {
    for (const step of HISTORY_STEPS) {
      if (typeof step === 'symbol') await sealPastLines(client, organizationId, counterparties);
      else await client.query(parameterized(step, values));
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/**
 * `:name` in a statement is a value.
 *
 * @param {string} text
 * @param {Record<string, string | number>} values
 * @returns {pg.QueryConfig}
 */
function parameterized(text, values) {
  /** @type {string[]} */
  const used = [];
  const numbered = text.replace(/(?<!:):([a-z]+)/g, (_, name) => {
    if (!(name in values)) throw new Error(`a step of the history names ${name}`);
    if (!used.includes(name)) used.push(name);
    return `$${used.indexOf(name) + 1}`;
  });
  return { text: numbered, values: used.map((name) => values[name]) };
}

/**
 * As a database that has run for a year is: with statistics, its maps up to date, and nothing left to write to its files.
 *
 * @param {pg.Client} client
 */
async function settleDown(client) {
  for (const table of FILLED_TABLES) await client.query(`VACUUM (ANALYZE) ${table}`);
  await client.query('VACUUM (ANALYZE) accounts');
  await client.query('CHECKPOINT');
  await assertBalancesAreTrue(client);
}

/** @param {pg.Client} client */
async function assertBalancesAreTrue(client) {
  const { LedgerRepository } = await import('../../dist/modules/ledger/persistence/ledger.repository.js');
  const on = {
    query: async (/** @type {string} */ text, /** @type {any[]} */ values) => (await client.query(text, values)).rows,
  };
  const ledger = new LedgerRepository();
  const broken = [
    ...(await ledger.listPostedUnlikeEntries(on, null)),
    ...(await ledger.listReservedUnlikeHolds(on, null)),
  ];
  if (broken.length > 0) throw new Error(`the history does not add up: ${JSON.stringify(broken[0])}`);
}
