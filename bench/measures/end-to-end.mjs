import { runEndToEndRounds } from '../lib/end-to-end-rounds.mjs';
import { median } from '../lib/stats.mjs';
import { countSentCommands, memoryHighWater } from '../lib/usage.mjs';

/** @typedef {import('../lib/end-to-end-rounds.mjs').Round} Round */
/** @typedef {import('../lib/bulk-timing.mjs').TimedBulk} TimedBulk */
/** @typedef {import('../lib/usage.mjs').Usage} Usage */
/** @typedef {import('../lib/report.mjs').Report} Report */

export const name = 'end-to-end';
export const title = 'End to end, and its baselines';

const perSecond = (/** @type {number} */ lines, /** @type {number} */ ms) => (lines / ms) * 1_000;

/**
 * Of what was measured in the same round, so that both had the same machine.
 *
 * @param {number[]} over
 * @param {number[]} under
 */
function ratio(over, under) {
  return median(over.map((value, round) => value / (under[round] ?? Number.NaN)));
}

/** @param {import('../run.mjs').MeasureContext} context */
export async function measure({ options, startLab, report }) {
  const lines = options.size(10_000, 1_000);
  const lab = await startLab({ workers: 1 });
  const rounds = await runEndToEndRounds(lab, { lines, rounds: options.rounds });
  reportSpeed(report, rounds);
  reportSplits(report, rounds);
  reportAcceptance(report, rounds);
  reportUsage(report, rounds);

  const { sent, byName } = await countSentCommands(lab, () => lab.submitAndWait(lines));
  report.table({
    title: 'Redis commands that clients sent for one bulk',
    note: `By MONITOR, in a run of its own; ${lines.toLocaleString('en-US')} lines.`,
    columns: ['Command', 'Sent'],
    rows: [...byName].sort(([, a], [, b]) => b - a).map(([command, count]) => [command, count]),
  });
  report.target({ what: 'Redis commands sent per transfer', atMost: 0.1, measured: sent / lines });
  await measureMemory(lab, report, options.size(100_000, 10_000));
  await lab.close();
}

/**
 * @param {Report} report
 * @param {Round[]} rounds
 */
function reportSpeed(report, rounds) {
  const rates = (/** @type {(round: Round) => number} */ msOf) =>
    rounds.map((round) => perSecond(round.one.lines, msOf(round)));
  const ours = rates(({ one }) => one.totalMs);
  const naive = rates(({ baseline }) => baseline.naiveMs);
  const copy = rates(({ baseline }) => baseline.copy.ms);
  report.table({
    title: 'Transfers a second, from the POST until the bulk is completed',
    note: `One bulk of ${(rounds[0]?.one.lines ?? 0).toLocaleString('en-US')} lines from one account; the baselines take the same number, the raw inserts the same rows.`,
    rounds: rounds.length,
    columns: ['What', 'Per second'],
    rows: [
      ['Tranche, one worker', ours],
      ['Tranche, two workers', rates(({ two }) => two.totalMs)],
      ['Naive engine: a job per transfer, each updating the account', naive],
      ['COPY of the rows, indexes and commit included', copy],
      ['INSERT of the rows from `unnest`, a thousand at a time', rates(({ baseline }) => baseline.unnest.ms)],
    ],
  });
  report.target({ what: 'End to end against the naive engine', atLeast: 25, measured: ratio(ours, naive), unit: 'x' });
  report.target({ what: 'End to end against COPY', atLeast: 20, measured: ratio(ours, copy) * 100, unit: ' %' });
  report.target({ what: 'End to end', atLeast: 25_000, measured: median(ours), unit: ' lines/s' });
  report.chart({
    title: 'Settled transfers per second, one paying account',
    bars: [
      { label: 'One job per transfer', value: median(naive) },
      { label: 'Tranche, HTTP included', value: median(ours), isOurs: true },
      { label: 'COPY of the rows alone', value: median(copy) },
    ],
  });
}

/**
 * @param {Report} report
 * @param {Round[]} rounds
 */
function reportSplits(report, rounds) {
  const row = (/** @type {string} */ label, /** @type {(bulk: TimedBulk) => number} */ msOf) => [
    label,
    rounds.map(({ one }) => msOf(one)),
    rounds.map(({ two }) => msOf(two)),
  ];
  report.table({
    title: 'Where the time of a bulk goes, in ms',
    note:
      'accept: the POST. dispatch: from its answer to the first lease. execute: to the commit of the last record. ' +
      'complete: to the answer that says so, asked for every 25 ms.',
    rounds: rounds.length,
    columns: ['Phase', 'One worker', 'Two workers'],
    rows: [
      row('accept', ({ splits }) => splits.accept),
      row('dispatch', ({ splits }) => splits.dispatch),
      row('execute', ({ splits }) => splits.execute),
      row('complete', ({ splits }) => splits.complete),
      row('total', ({ totalMs }) => totalMs),
    ],
  });
}

/**
 * @param {Report} report
 * @param {Round[]} rounds
 */
function reportAcceptance(report, rounds) {
  // The time of the commit record is taken before its flush: that of the COPY's commit, in the same round, stands in for it.
  const transactions = rounds.map(({ one, baseline }) => one.acceptTransactionMs + baseline.copy.commitMs);
  const copies = rounds.map(({ baseline }) => baseline.copy.ms);
  report.table({
    title: 'Acceptance, in ms',
    note:
      'Of the transaction, the time of its commit record is known, which is before its flush: the commit of the COPY beside it stands in ' +
      'for that.',
    rounds: rounds.length,
    columns: ['What', 'ms'],
    rows: [
      ['POST, from the first byte to the answer', rounds.map(({ one }) => one.acceptMs)],
      ['its transaction, commit included', transactions],
      [
        'its way for the rows: COPY to a temporary table, INSERT ... SELECT',
        rounds.map(({ baseline }) => baseline.intake.ms),
      ],
      ['COPY of the same rows', copies],
    ],
  });
  const posts = rounds.map(({ one }) => one.acceptMs);
  report.target({
    what: 'POST against its own transaction',
    atMost: 2,
    measured: ratio(posts, transactions),
    unit: 'x',
  });
  report.target({
    what: 'Rate of the accept transaction against COPY',
    atLeast: 0.5,
    measured: ratio(copies, transactions),
    unit: 'x',
  });
}

/**
 * @param {Report} report
 * @param {Round[]} rounds
 */
function reportUsage(report, rounds) {
  const cpu = rounds.map(({ usage }) => usage.nodeUs + usage.postgresUs + usage.redisUs);
  const row = (/** @type {string} */ label, /** @type {(usage: Usage) => number} */ of) => [
    label,
    rounds.map(({ usage }) => of(usage)),
    rounds.map(({ baseline }) => of(baseline.naiveUsage)),
  ];
  report.table({
    title: 'What a settled transfer takes',
    note: 'Node is the API and the worker; of the naive engine, its one process. CPU times come in ticks of 10 ms.',
    rounds: rounds.length,
    columns: ['Per transfer', 'Tranche, one worker', 'Naive engine'],
    rows: [
      row('CPU in Node, us', (usage) => usage.nodeUs),
      row('CPU in PostgreSQL, us', (usage) => usage.postgresUs),
      row('CPU in Redis, us', (usage) => usage.redisUs),
      row('CPU in all, us', (usage) => usage.nodeUs + usage.postgresUs + usage.redisUs),
      row('WAL, bytes', (usage) => usage.walBytes),
      row('Redis commands, those of scripts included', (usage) => usage.redisCommands),
    ],
  });
  const wal = rounds.map(({ usage }) => usage.walBytes);
  report.target({ what: 'CPU per settled transfer', atMost: 80, measured: median(cpu), unit: ' us' });
  report.target({ what: 'WAL per settled transfer', atMost: 1_500, measured: median(wal), unit: ' bytes' });
}

/**
 * @param {import('../lib/lab.mjs').Lab} lab
 * @param {Report} report
 * @param {number} lines
 */
async function measureMemory(lab, report, lines) {
  // Twice: the second finds what the first left to be collected.
  await lab.submitAndWait(lines);
  const { totalMs } = await lab.submitAndWait(lines);
  const held = [
    { what: 'API', megabytes: memoryHighWater(lab.apiPid) },
    { what: 'worker', megabytes: Math.max(...lab.workerPids().map(memoryHighWater)) },
  ];
  report.table({
    title: `Memory high-water after two bulks of ${lines.toLocaleString('en-US')} lines, in MB`,
    note: `The second took ${Math.round(totalMs)} ms; the bulks before it ran in the same processes.`,
    columns: ['Process', 'VmHWM'],
    rows: held.map(({ what, megabytes }) => [what, megabytes]),
  });
  for (const { what, megabytes } of held) {
    const label = `Memory of the ${what}, ${lines.toLocaleString('en-US')} lines`;
    report.target({ what: label, atMost: 400, measured: megabytes, unit: ' MB' });
  }
}
