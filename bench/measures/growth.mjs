import { fillHistory } from '../lib/history.mjs';
import { creditTransfers } from '../lib/organizations.mjs';
import { formatNumber, median, spread } from '../lib/stats.mjs';

export const name = 'growth';
export const title = 'Growth: lines, workers, slow rails, history';

// Of the product: BIG_CHUNK_LINES of a bulk of 5,000 lines and more, and what WORKER_CONCURRENCY is unless set.
const CHUNK_LINES = 500;
const WORKER_CONCURRENCY = 4;
/** A small bulk takes so little time that one of them says nothing. */
const REPEATS_OF_SMALL = 10;
const POLL_SMALL_MS = 5;
/** Some workers are started anew for each of their rounds. */
const MAX_WORKER_ROUNDS = 3;

/** @typedef {import('../run.mjs').MeasureContext} MeasureContext */
/** @typedef {import('../lib/lab.mjs').Lab} Lab */
/** @typedef {import('../lib/bulk-timing.mjs').TimedBulk} TimedBulk */

/** @param {MeasureContext} context */
export async function measure(context) {
  await measureLines(context);
  await measureWorkers(context);
  await measureHistory(context);
}

/** @param {MeasureContext} context */
async function measureLines({ options, report, startLab }) {
  const sizes = options.size([1, 100, 1_000, 10_000, 100_000], [1, 100, 1_000, 3_000]);
  const lab = await startLab({ workers: 1 });
  await warmUp(lab, options.size(10_000, 1_000));
  const bulks = new Map(sizes.map((lines) => [lines, /** @type {TimedBulk[]} */ ([])]));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [lines, timed] of bulks) {
      for (let nth = 0; nth < (lines <= 100 ? REPEATS_OF_SMALL : 1); nth += 1)
        timed.push(await lab.submitAndWait(lines, lines <= 100 ? { pollMs: POLL_SMALL_MS } : {}));
    }
  }
  await lab.close();
  report.table({
    title: 'By the lines of a bulk',
    note: `Bulks of up to 100 lines ${REPEATS_OF_SMALL} times a round, asked about every ${POLL_SMALL_MS} ms, the others every 25 ms.`,
    rounds: options.rounds,
    columns: ['Lines', 'Lines/s', 'Accepted in ms', 'Completed in ms'],
    rows: [...bulks].map(([lines, timed]) => [
      formatNumber(lines, 0),
      timed.map(linesPerSecond),
      timed.map(({ acceptMs }) => acceptMs),
      timed.map(({ totalMs }) => totalMs),
    ]),
  });
  const [usual = [], most = []] = [...bulks.values()].slice(-2);
  report.target({
    what: `lines/s of a bulk of ${formatNumber(sizes.at(-1) ?? 0)} lines to those of one of ${formatNumber(sizes.at(-2) ?? 0)}`,
    atLeast: 0.9,
    measured: median(most.map(linesPerSecond)) / median(usual.map(linesPerSecond)),
    unit: 'x',
  });
}

/** @param {MeasureContext} context */
async function measureWorkers({ options, report, startLab }) {
  const lines = options.size(10_000, 5_000);
  const latencies = [0, 20, 200];
  const lab = await startLab({ workers: 0 });
  const rounds = Math.min(options.rounds, MAX_WORKER_ROUNDS);
  const rates = new Map([1, 2, 4].map((count) => [count, latencies.map(() => /** @type {number[]} */ ([]))]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [count, byLatency] of rates) {
      await lab.startWorkers(count);
      await warmUp(lab, lines);
      for (const [index, latencyMs] of latencies.entries()) {
        byLatency[index]?.push(linesPerSecond(await lab.submitAndWait(slowLines(lines, latencyMs))));
      }
    }
  }
  await lab.close();
  report.table({
    title: `By workers and the time the rail takes: lines/s of a bulk of ${formatNumber(lines)} lines`,
    note:
      'The sandbox rail takes its time once for a chunk, as a bank does that takes files. In brackets what that allows: chunks under way ' +
      `(${WORKER_CONCURRENCY} a worker) times ${CHUNK_LINES} lines, divided by the time. Rails that take payments one by one: see the rail \`http\`.`,
    rounds,
    columns: ['Workers', ...latencies.map((latencyMs) => `Rail ${latencyMs} ms`)],
    rows: [...rates].map(([count, byLatency]) => [
      String(count),
      ...byLatency.map((measured, index) => withCeiling(measured, count, latencies[index] ?? 0, lines)),
    ]),
  });
}

/** @param {MeasureContext} context */
async function measureHistory({ options, report, startLab }) {
  const lines = options.size(10_000, 2_000);
  const existing = options.size([0, 1_000_000, 5_000_000], [0, 20_000, 50_000]);
  /** @type {{existing: number, lab: Lab, large: TimedBulk[], small: TimedBulk[]}[]} */
  const places = [];
  for (const transfers of existing) {
    const lab = await startLab({ workers: 1 });
    await addHistory(lab, transfers);
    places.push({ existing: transfers, lab, large: [], small: [] });
  }
  // Side by side, so that a slow minute of the machine is a slow minute for all of them.
  for (let round = -1; round < options.rounds; round += 1) {
    for (const { lab, large, small } of places) {
      large.push(await lab.submitAndWait(lines));
      for (let nth = 0; nth < REPEATS_OF_SMALL; nth += 1)
        small.push(await lab.submitAndWait(100, { pollMs: POLL_SMALL_MS }));
      if (round < 0) for (const warmUps of [large, small]) warmUps.length = 0;
    }
  }
  for (const { lab } of places) await lab.close();
  report.table({
    title: 'By what is in the tables already',
    note: 'Settled a year ago and since: transfers with their chunks, ledger entries, holds and bulks, four in five in bulks of 10,000 lines, the others in bulks of 50.',
    rounds: options.rounds,
    columns: ['Transfers', `Lines/s of ${formatNumber(lines)} lines`, 'Accepted in ms', '100 lines completed in ms'],
    rows: places.map(({ existing: transfers, large, small }) => [
      formatNumber(transfers),
      large.map(linesPerSecond),
      large.map(({ acceptMs }) => acceptMs),
      small.map(({ totalMs }) => totalMs),
    ]),
  });
  const rateOf = (/** @type {number} */ index) => median((places.at(index)?.large ?? []).map(linesPerSecond));
  report.target({
    what: `lines/s beside ${formatNumber(existing.at(-1) ?? 0)} transfers to those on empty tables`,
    atLeast: 0.75,
    measured: rateOf(-1) / rateOf(0),
    unit: 'x',
  });
}

/**
 * @param {Lab} lab
 * @param {number} transfers
 */
async function addHistory({ postgres, organization, encryptionKeys }, transfers) {
  if (transfers === 0) return;
  const { organizationId, accountId } = organization;
  const { seconds } = await fillHistory({ url: postgres.url, organizationId, accountId, encryptionKeys, transfers });
  console.log(`${formatNumber(transfers)} transfers made in ${formatNumber(seconds)} s`);
}

/**
 * @param {Lab} lab
 * @param {number} lines
 */
async function warmUp(lab, lines) {
  for (let nth = 0; nth < 2; nth += 1) await lab.submitAndWait(lines);
}

/**
 * @param {number} lines
 * @param {number} latencyMs
 */
function slowLines(lines, latencyMs) {
  return creditTransfers(lines, latencyMs > 0 ? { description: `sandbox:slow:${latencyMs}` } : {});
}

/** @param {TimedBulk} bulk */
function linesPerSecond({ lines, totalMs }) {
  return (lines / totalMs) * 1_000;
}

/**
 * @param {readonly number[]} rates
 * @param {number} workers
 * @param {number} latencyMs
 * @param {number} lines of the bulk: it may have fewer chunks than there is room for
 */
function withCeiling(rates, workers, latencyMs, lines) {
  const shown = spread(rates);
  if (latencyMs === 0) return shown;
  const rounds = Math.ceil(lines / CHUNK_LINES / (workers * WORKER_CONCURRENCY));
  return `${shown} (${formatNumber((lines / (rounds * latencyMs)) * 1_000)})`;
}
