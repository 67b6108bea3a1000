import { randomInt } from 'node:crypto';
import pg from 'pg';
import { fillHistory } from '../lib/history.mjs';
import { describePlan } from '../lib/plans.mjs';
import { openProductReads } from '../lib/product-reads.mjs';
import { readsOf } from '../lib/reads.mjs';
import { formatNumber, percentile } from '../lib/stats.mjs';

export const name = 'reads';
export const title = 'Reads beside millions of transfers';

const TARGET_MS = 5;
const WARM_UP = 3;
const FEWEST_CALLS = 3;

/** @typedef {Awaited<ReturnType<typeof openProductReads>>} ProductReads */
/** @typedef {{calls: number, budgetMs: number}} Effort */
/**
 * @typedef {object} Timed
 * @property {string} what
 * @property {boolean} isPromised under 5 ms in SQL
 * @property {number[]} sqlMs per call, all its statements
 * @property {number[]} httpMs
 * @property {Map<string, import('../lib/product-reads.mjs').Asked & {allMs: number}>} statements by text: what all calls took, and the slowest
 */

/** @param {import('../run.mjs').MeasureContext} context */
export async function measure({ options, report, startLab }) {
  const lab = await startLab({ workers: 1 });
  const { organizationId, accountId, api } = lab.organization;
  const history = await fillHistory({
    url: lab.postgres.url,
    organizationId,
    accountId,
    encryptionKeys: lab.encryptionKeys,
    transfers: options.size(5_000_000, 50_000),
  });
  console.log(`${history.transfers} transfers made in ${formatNumber(history.seconds)} s`);
  // The engine goes on asking for work beside it, as it does on a live system.
  const client = new pg.Client({ connectionString: lab.postgres.url });
  await client.connect();
  const product = await openProductReads(client, lab.encryptionKeys);
  const effort = options.size({ calls: 1_000, budgetMs: 8_000 }, { calls: 100, budgetMs: 1_000 });

  /** @type {Timed[]} */
  const reads = [];
  for (const read of await readsOf(client, product, { organizationId, accountId })) {
    reads.push(await timeRead(product, api, read, effort));
  }
  const lists = await timeWorkLists(client, product, effort);
  await reportReads(report, client, reads, history.transfers);
  await reportWorkLists(report, client, lists, history.transfers);
  await client.end();
}

/**
 * In SQL and over HTTP in turns, with the same arguments.
 *
 * @param {ProductReads} product
 * @param {import('../lib/http-client.mjs').HttpClient} api
 * @param {import('../lib/reads.mjs').Read} read
 * @param {Effort} effort
 * @returns {Promise<Timed>}
 */
function timeRead(product, api, { what, isPromised = true, choices, run, path }, effort) {
  return callAgainAndAgain({ what, isPromised }, effort, async (timed) => {
    const choice = choices[randomInt(choices.length)];
    product.take();
    await run(choice);
    const asked = product.take();
    const startedAt = performance.now();
    await api.get(path(choice));
    timed.httpMs.push(performance.now() - startedAt);
    return asked;
  });
}

/**
 * As often as the effort says; what takes long less often, but a few times. The first calls only warm up.
 *
 * @param {{what: string, isPromised: boolean}} read
 * @param {Effort} effort
 * @param {(timed: Timed) => Promise<import('../lib/product-reads.mjs').Asked[]>} call
 */
async function callAgainAndAgain(read, { calls, budgetMs }, call) {
  /** @type {Timed} */
  const timed = { ...read, sqlMs: [], httpMs: [], statements: new Map() };
  const deadline = performance.now() + budgetMs;
  const isLate = () => performance.now() > deadline;
  for (let nth = 0; nth < WARM_UP && !isLate(); nth += 1) await call(timed);
  timed.httpMs.length = 0;
  while (timed.sqlMs.length < calls && (timed.sqlMs.length < FEWEST_CALLS || !isLate())) {
    const asked = await call(timed);
    timed.sqlMs.push(asked.reduce((ms, statement) => ms + statement.ms, 0));
    for (const statement of asked) note(timed, statement);
  }
  return timed;
}

/**
 * @param {Timed} timed
 * @param {import('../lib/product-reads.mjs').Asked} statement
 */
function note({ statements }, statement) {
  const known = statements.get(statement.text) ?? { ...statement, allMs: 0 };
  const slowest = statement.ms > known.ms ? statement : known;
  statements.set(statement.text, { ...slowest, allMs: known.allMs + statement.ms });
}

/** What a read spends its time on. @param {Timed} timed */
function heaviestStatement({ statements }) {
  return [...statements.values()].reduce((most, next) => (next.allMs > most.allMs ? next : most));
}

/**
 * Each in a transaction that is rolled back: some of them change what they find.
 *
 * @param {pg.Client} client
 * @param {ProductReads} product
 * @param {Effort} effort
 * @returns {Promise<Timed[]>}
 */
async function timeWorkLists(client, product, effort) {
  const timed = [];
  for (const [what, ask] of Object.entries(product.workLists)) {
    const list = await callAgainAndAgain({ what, isPromised: false }, effort, async () => {
      await client.query('BEGIN');
      product.take();
      await ask();
      const asked = product.take();
      await client.query('ROLLBACK');
      return asked;
    });
    timed.push(list);
  }
  return timed;
}

/**
 * @param {import('../lib/report.mjs').Report} report
 * @param {pg.Client} client
 * @param {readonly Timed[]} reads
 * @param {number} transfers
 */
async function reportReads(report, client, reads, transfers) {
  report.table({
    title: `Reads at ${formatNumber(transfers)} transfers, in ms`,
    note: 'In SQL: on one connection, from sending the first statement to having read the last answer. Over HTTP: what one caller at a time sees.',
    columns: ['Read', 'SQL p50', 'SQL p95', 'SQL p99', 'HTTP p50', 'HTTP p99', 'Calls'],
    rows: reads.map(({ what, sqlMs, httpMs }) => [
      what,
      ...[50, 95, 99].map((percent) => percentile(sqlMs, percent)),
      ...[50, 99].map((percent) => percentile(httpMs, percent)),
      sqlMs.length,
    ]),
  });
  await reportPlans(report, client, 'Reads that take longer, and how PostgreSQL answers them', reads);
  for (const { what, isPromised, sqlMs } of reads) {
    if (isPromised)
      report.target({ what: `${what}, p99 in SQL`, atMost: TARGET_MS, measured: percentile(sqlMs, 99), unit: ' ms' });
  }
}

/**
 * @param {import('../lib/report.mjs').Report} report
 * @param {pg.Client} client
 * @param {readonly Timed[]} lists
 * @param {number} transfers
 */
async function reportWorkLists(report, client, lists, transfers) {
  report.table({
    title: `What a worker asks all the time, at ${formatNumber(transfers)} transfers that are done, in ms`,
    columns: ['Statement', 'p50', 'p99', 'Calls'],
    rows: lists.map(({ what, sqlMs }) => [what, percentile(sqlMs, 50), percentile(sqlMs, 99), sqlMs.length]),
  });
  await reportPlans(report, client, 'How PostgreSQL answers those', lists, { aboveMs: 0.5 });
}

/**
 * @param {import('../lib/report.mjs').Report} report
 * @param {pg.Client} client
 * @param {string} tableTitle
 * @param {readonly Timed[]} timed
 * @param {{aboveMs?: number}} [options]
 */
async function reportPlans(report, client, tableTitle, timed, { aboveMs = TARGET_MS } = {}) {
  const rows = [];
  for (const read of timed.filter(({ sqlMs }) => percentile(sqlMs, 99) > aboveMs)) {
    await client.query('BEGIN');
    rows.push([read.what, percentile(read.sqlMs, 50), await describePlan(client, heaviestStatement(read))]);
    await client.query('ROLLBACK');
  }
  if (rows.length > 0) report.table({ title: tableTitle, columns: ['Read', 'p50 in ms', 'Heaviest path'], rows });
}
