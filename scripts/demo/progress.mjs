import { ScriptError } from '../script-error.mjs';

const POLL_INTERVAL_MS = 50;
const BAR_WIDTH = 40;
const PLAIN_STEP_PERCENT = 20;
const LAST_STATES = ['completed', 'partially_completed', 'failed', 'cancelled', 'reversed', 'rejected'];

/** @typedef {{status: string, counts: Record<string, number>}} BulkStatus */

/**
 * Follows a bulk request until it ends: a bar on a terminal, a few plain lines elsewhere.
 *
 * @param {import('../api-client.mjs').ApiClient} api
 * @param {string} bulkId
 * @returns {Promise<string>} the last status
 */
export async function watchProgress(api, bulkId) {
  const show = process.stdout.isTTY ? bar() : plainLines();
  for (;;) {
    /** @type {BulkStatus} */
    const current = await api.get(`/bulk-requests/${bulkId}/status`);
    const isOver = LAST_STATES.includes(current.status);
    show(progressOf(current), isOver);
    if (isOver) return current.status;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}

/** @param {BulkStatus} status */
function progressOf({ status, counts }) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { settled = 0, failed = 0, cancelled = 0, returned = 0 } = counts;
  const done = settled + failed + cancelled + returned;
  if (total === 0) throw new ScriptError('The bulk request has no lines');
  return { status, done, total, settled, failed, percent: Math.floor((100 * done) / total) };
}

/** @typedef {ReturnType<typeof progressOf>} Progress */

/** @returns {(progress: Progress, isOver: boolean) => void} */
function bar() {
  return ({ status, done, total, settled, failed, percent }, isOver) => {
    const filled = Math.floor((BAR_WIDTH * done) / total);
    const drawn = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
    // Back to the start of the line, and clear what the last, longer one left.
    process.stdout.write(`\r  ${drawn} ${percent} %  ${settled} settled, ${failed} failed  ${status}\u001b[K`);
    if (isOver) process.stdout.write('\n');
  };
}

/** @returns {(progress: Progress, isOver: boolean) => void} */
function plainLines() {
  let next = 0;
  return ({ status, done, total, settled, failed, percent }, isOver) => {
    if (percent < next && !isOver) return;
    next = percent - (percent % PLAIN_STEP_PERCENT) + PLAIN_STEP_PERCENT;
    console.log(`  ${done} of ${total} lines done (${settled} settled, ${failed} failed), ${status}`);
  };
}
