import { startBaselines } from './baselines.mjs';
import { measureUsage, usagePerTransfer } from './usage.mjs';

// A process that has just started runs its code slowly until V8 has compiled it: the first bulks say nothing.
const WARM_UP_BULKS = 6;

/**
 * @typedef {object} Round
 * @property {import('./bulk-timing.mjs').TimedBulk} one a bulk with one worker
 * @property {import('./bulk-timing.mjs').TimedBulk} two with two
 * @property {import('./usage.mjs').Usage} usage of `one`, per transfer
 * @property {import('./baselines.mjs').BaselineRound} baseline
 */

/**
 * Everything that is compared, one after the other and round by round, so that a machine that is busier now than then is so for all.
 *
 * @param {import('./lab.mjs').Lab} lab with one worker, which it has again at the end
 * @param {{lines: number, rounds: number}} size
 * @returns {Promise<Round[]>}
 */
export async function runEndToEndRounds(lab, { lines, rounds }) {
  const baselines = await startBaselines(lab);
  /** @type {Round[]} */
  const results = [];
  for (let round = 0; round <= rounds; round += 1) {
    const { result: one, usage } = await withWorkers(lab, { workers: 1, lines }, () =>
      measureUsage(lab, () => lab.submitAndWait(lines)),
    );
    const baseline = await baselines.round(one);
    const two = await withWorkers(lab, { workers: 2, lines }, () => lab.submitAndWait(lines));
    // The first round warms up the servers.
    if (round > 0) results.push({ one, two, baseline, usage: usagePerTransfer(usage, lines) });
  }
  await baselines.close();
  await lab.startWorkers(1);
  return results;
}

/**
 * @template T
 * @param {import('./lab.mjs').Lab} lab
 * @param {{workers: number, lines: number}} size
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withWorkers(lab, { workers, lines }, work) {
  await lab.startWorkers(workers);
  for (let bulk = 0; bulk < WARM_UP_BULKS; bulk += 1) await lab.submitAndWait(lines);
  return work();
}
