import 'reflect-metadata';
import { openCounterparties } from './counterparties.mjs';

/** @typedef {{text: string, values: readonly unknown[], ms: number}} Asked one statement of the product, and what it took */

/**
 * The product's own read code on one connection: whatever it asks the database is what the API asks. `take()` hands over what was asked since
 * it was last called.
 *
 * @param {import('pg').Client} client
 * @param {string} encryptionKeys of whoever wrote what is read
 */
export async function openProductReads(client, encryptionKeys) {
  /** @type {Asked[]} */
  let asked = [];
  const { toQueryConfig } = await load('platform/database/queryable.js');
  const run = async (/** @type {unknown} */ statement, /** @type {readonly unknown[]} */ values = []) => {
    const config = toQueryConfig(statement, values);
    const startedAt = performance.now();
    const result = await client.query(config);
    asked.push({ text: config.text, values, ms: performance.now() - startedAt });
    return result;
  };
  const on = {
    query: async (/** @type {unknown} */ statement, /** @type {unknown[]} */ values) =>
      (await run(statement, values)).rows,
    execute: async (/** @type {unknown} */ statement, /** @type {unknown[]} */ values) =>
      (await run(statement, values)).rowCount,
  };
  // Whom a statement acts for costs the same for all of them, and is measured with the requests.
  const database = { as: () => on, of: () => on };
  const { encodeCursor } = await load('platform/http/cursor.js');
  const { createdRange } = await load('platform/http/created-range.dto.js');
  return {
    ...(await queriesOn(database, await openCounterparties(encryptionKeys))),
    ...(await workListsOn(on, database)),
    encodeCursor,
    createdRange,
    take: () => {
      const taken = asked;
      asked = [];
      return taken;
    },
  };
}

/** @param {object} database @param {object} counterparties */
async function queriesOn(database, counterparties) {
  const [{ TransfersQueries }, { TransferReadsRepository }, { PaidCounterpartyRepository }, { TallyRepository }] =
    await Promise.all([
      load('modules/transfers/transfers.queries.js'),
      load('modules/transfers/persistence/transfer-reads.repository.js'),
      load('modules/transfers/persistence/paid-counterparty.repository.js'),
      load('modules/transfers/persistence/tally.repository.js'),
    ]);
  const [{ BulkRequestsQueries }, { BulkRequestRepository }] = await Promise.all([
    load('modules/bulk-requests/bulk-requests.queries.js'),
    load('modules/bulk-requests/persistence/bulk-request.repository.js'),
  ]);
  const [{ AccountsQueries }, { AccountsRepository }] = await Promise.all([
    load('modules/accounts/accounts.queries.js'),
    load('modules/accounts/persistence/accounts.repository.js'),
  ]);
  const [{ LedgerQueries }, { LedgerRepository }] = await Promise.all([
    load('modules/ledger/ledger.queries.js'),
    load('modules/ledger/persistence/ledger.repository.js'),
  ]);
  const reads = new TransferReadsRepository(database);
  const paid = new PaidCounterpartyRepository();
  const transfers = new TransfersQueries(database, reads, paid, new TallyRepository(), counterparties);
  const accounts = new AccountsQueries(database, new AccountsRepository());
  return {
    transfers,
    bulks: new BulkRequestsQueries(database, new BulkRequestRepository(), transfers, null),
    ledger: new LedgerQueries(database, accounts, new LedgerRepository(), null),
  };
}

/** What the worker asks again and again, whether there is work or not. @param {object} on @param {object} database */
async function workListsOn(on, database) {
  const [{ DispatchRepository }, { ChunkRepository }, { TransferMetricsRepository }] = await Promise.all([
    load('modules/transfers/persistence/dispatch.repository.js'),
    load('modules/transfers/persistence/chunk.repository.js'),
    load('modules/transfers/persistence/transfer-metrics.repository.js'),
  ]);
  const { BulkCompletionRepository } = await load('modules/bulk-requests/persistence/bulk-completion.repository.js');
  const dispatch = new DispatchRepository(database);
  const chunks = new ChunkRepository();
  const completion = new BulkCompletionRepository();
  const metrics = new TransferMetricsRepository(database);
  return {
    workLists: {
      'look for chunks to hand out': () => dispatch.hasDue('sandbox'),
      'claim chunks to hand out': () => dispatch.claim(on, 'sandbox', 16, 20_000),
      'reopen what nobody took': () => dispatch.reopenOverdue(),
      'hurry what is being stopped': () => dispatch.hurryStopped(),
      'find leases that ran out': () => chunks.listExpired(on, 100),
      'find forgotten completions': () => completion.findForgotten(on, 100),
      'count open transfers (metrics)': () => metrics.openByStatus(),
      'count unfinished chunks (metrics)': () => metrics.chunks(),
    },
  };
}

/** @param {string} file below dist, which is built by the time a measure runs @returns {Promise<any>} */
function load(file) {
  return import(new URL(`../../dist/${file}`, import.meta.url).href);
}
