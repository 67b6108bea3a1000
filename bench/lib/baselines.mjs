import { RawInserts } from './raw-inserts.mjs';
import { measureUsage, usagePerTransfer } from './usage.mjs';
import { startNaiveEngine } from '../naive/engine.mjs';

/**
 * What the product is compared with, one of each a round.
 *
 * @typedef {object} BaselineRound
 * @property {number} lines
 * @property {number} naiveMs a bulk through the engine with one job per transfer
 * @property {import('./usage.mjs').Usage} naiveUsage per transfer
 * @property {{ms: number, commitMs: number}} copy
 * @property {{ms: number, commitMs: number}} unnest
 * @property {{ms: number, commitMs: number}} intake
 */

/**
 * @param {import('./lab.mjs').Lab} lab
 * @returns {Promise<{round: (bulk: {id: string, lines: number}) => Promise<BaselineRound>, close: () => Promise<void>}>}
 */
export async function startBaselines(lab) {
  const raw = await RawInserts.prepare(lab.database);
  const naive = await startNaiveEngine(lab);
  return {
    /** The rows of this bulk, and as many transfers through the naive engine. */
    round: async ({ id, lines }) => {
      const copy = await raw.copy(id);
      const unnest = await raw.unnest(id);
      const intake = await raw.intake(id);
      const { result, usage } = await measureUsage(
        lab,
        () => naive.payBulk(lines),
        () => [naive.pid],
      );
      await naive.assertBooked(result.id, lines);
      return { lines, copy, unnest, intake, naiveMs: result.totalMs, naiveUsage: usagePerTransfer(usage, lines) };
    },
    close: () => naive.close(),
  };
}
