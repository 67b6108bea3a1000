import { callBank, startBank } from '../lib/bank.mjs';
import { creditTransfers } from '../lib/organizations.mjs';
import { formatNumber, median } from '../lib/stats.mjs';
import { measureUsage } from '../lib/usage.mjs';

export const name = 'rails';
export const title = 'The rail `http` against the bank simulator';

/** Each case lasts about so long, if the bank keeps up. */
const CASE_SECONDS = 5;
/** From so many lines on a chunk has 500 of them. Smaller chunks would bound how many calls a worker has under way. */
const FEWEST_LINES = 5_000;
const MOST_LINES = 20_000;
const WARM_UP_WAVES = 4;
const BARE_SECONDS = 2;
const MAX_ROUNDS = 3;
/** A payment that a busy machine leaves in doubt is asked about after a second, not after a minute. */
const SOON_SURE = { RAIL_VISIBILITY_HORIZON_MS: '1000' };

/** @typedef {{latencyMs: number, concurrency: number}} Load */
/** @typedef {Load & {callsPerSecond: number[], ofIdeal: number[], ofBare: number[]}} Case */
/** @typedef {import('../lib/lab.mjs').Lab} Lab */
/** @typedef {import('../lib/bank.mjs').Bank} Bank */

/** @param {import('../run.mjs').MeasureContext} context */
export async function measure({ options, report, startLab }) {
  const bank = await startBank();
  const lab = await startLab({
    workers: 0,
    env: { DEFAULT_RAIL: 'http', RAIL_HTTP_URL: bank.url, RAIL_HTTP_TIMEOUT_MS: '60000', ...SOON_SURE },
  });
  const rounds = Math.min(options.rounds, MAX_ROUNDS);
  await measureCpu(lab, bank, report, { rounds, lines: options.size(10_000, 5_000) });
  const loads = [20, 200].flatMap((latencyMs) =>
    options.size([50, 100, 200, 500], [50, 500]).map((concurrency) => ({ latencyMs, concurrency })),
  );
  /** @type {Case[]} */
  const cases = loads.map((load) => ({ ...load, callsPerSecond: [], ofIdeal: [], ofBare: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const one of cases) await runCase(lab, bank, one, options.size(CASE_SECONDS, 1));
  }
  await lab.close();
  await bank.stop();
  reportCases(report, cases, rounds);
}

/**
 * What a worker takes to pay over HTTP, beyond what it takes with a rail that costs nothing.
 *
 * @param {Lab} lab
 * @param {Bank} bank
 * @param {import('../lib/report.mjs').Report} report
 * @param {{rounds: number, lines: number}} size
 */
async function measureCpu(lab, bank, report, { rounds, lines }) {
  /** @type {Record<'http' | 'sandbox' | 'bare', number[]>} */
  const cpuUs = { http: [], sandbox: [], bare: [] };
  await lab.startWorkers(1);
  const pay = async (/** @type {string} */ rail) => {
    const { usage } = await measureUsage(lab, () => lab.submitAndWait(lines, { fields: { rail } }), lab.workerPids);
    return usage.nodeUs / lines;
  };
  const callAlone = () => callBank(bank, { calls: lines, concurrency: 50, latencyMs: 0 });
  for (const rail of ['http', 'sandbox']) await pay(rail);
  await callAlone();
  for (let round = 0; round < rounds; round += 1) {
    cpuUs.http.push(await pay('http'));
    cpuUs.sandbox.push(await pay('sandbox'));
    cpuUs.bare.push((await callAlone()).cpuUsPerCall);
  }
  const perCall = cpuUs.http.map((us, round) => us - (cpuUs.sandbox[round] ?? 0));
  report.table({
    title: 'CPU of the client, in us per payment',
    note: `Bulks of ${formatNumber(lines)} lines, 50 calls under way, a bank that answers at once.`,
    rounds,
    columns: ['What', 'us'],
    rows: [
      ['worker, rail `http`', cpuUs.http],
      ['worker, rail `sandbox`', cpuUs.sandbox],
      ['the difference: a call', perCall],
      ['the HTTP client with nothing around it', cpuUs.bare],
    ],
  });
  report.target({
    what: 'CPU of a call of the rail http, in the worker',
    atMost: 80,
    measured: median(perCall),
    unit: ' us',
  });
}

/**
 * @param {Lab} lab
 * @param {Bank} bank
 * @param {Case} one
 * @param {number} seconds
 */
async function runCase(lab, bank, one, seconds) {
  const { latencyMs, concurrency } = one;
  const ideal = (concurrency / latencyMs) * 1_000;
  const lines = Math.round(Math.min(MOST_LINES, Math.max(FEWEST_LINES, ideal * seconds)));
  await lab.startWorkers(1, { RAIL_CONCURRENCY: String(concurrency) });
  // Opens the connections, and tells the rail how fast the bank is: the first windows are careful.
  await lab.submitAndWait(slowLines(WARM_UP_WAVES * concurrency, latencyMs));
  const { splits } = await lab.submitAndWait(slowLines(lines, latencyMs));
  const reached = (lines / splits.execute) * 1_000;
  const calls = Math.round(Math.min(MOST_LINES, ideal * BARE_SECONDS));
  const bare = await callBank(bank, { calls, concurrency, latencyMs });
  console.log(`${concurrency} under way, ${latencyMs} ms: ${formatNumber(reached)} of ${formatNumber(ideal)} calls/s`);
  one.callsPerSecond.push(reached);
  one.ofIdeal.push((reached / ideal) * 100);
  one.ofBare.push((reached / bare.callsPerSecond) * 100);
}

/**
 * @param {import('../lib/report.mjs').Report} report
 * @param {readonly Case[]} cases
 * @param {number} rounds
 */
function reportCases(report, cases, rounds) {
  report.table({
    title: 'Throughput with a bank that takes its time',
    note:
      'Calls/s from the first lease to the last record, one worker. RAIL_CONCURRENCY / latency is what arithmetic allows; the same calls by ' +
      'the HTTP client alone are what the bank simulator, one process on the same cores, allows.',
    rounds,
    columns: ['Latency in ms', 'RAIL_CONCURRENCY', 'Calls/s', '% of arithmetic', '% of the client alone'],
    rows: cases.map(({ latencyMs, concurrency, callsPerSecond, ofIdeal, ofBare }) => [
      String(latencyMs),
      String(concurrency),
      callsPerSecond,
      ofIdeal,
      ofBare,
    ]),
  });
  for (const { latencyMs, concurrency, ofIdeal, ofBare } of cases) {
    report.target({
      what: `calls/s of the rail http, ${concurrency} under way, ${latencyMs} ms, to RAIL_CONCURRENCY / latency`,
      atLeast: 0.9,
      measured: median(ofIdeal) / 100,
      unit: 'x',
      note: `${formatNumber(median(ofBare))} % of what the client alone reaches with this bank`,
    });
  }
}

/**
 * @param {number} lines
 * @param {number} latencyMs
 */
function slowLines(lines, latencyMs) {
  return creditTransfers(lines, { description: `bank:slow:${latencyMs}` });
}
