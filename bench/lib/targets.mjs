import { formatNumber } from './stats.mjs';

/**
 * What the project promises itself, beside what came out.
 *
 * @typedef {object} Target
 * @property {string} what
 * @property {'at least' | 'at most'} bound
 * @property {number} wanted
 * @property {number} measured
 * @property {string} unit behind both numbers, such as ` ms` or `x`
 * @property {string} [note]
 */

/** @param {Target} target */
export function isMet({ bound, wanted, measured }) {
  return bound === 'at least' ? measured >= wanted : measured <= wanted;
}

/** @param {Target} target */
export function verdict(target) {
  const percent = Math.abs(target.measured / target.wanted - 1) * 100;
  // A miss by little is not to read as none at all.
  const by = percent < 0.1 ? 'less than 0.1 %' : `${formatNumber(percent, percent < 10 ? 1 : 0)} %`;
  return isMet(target) ? `met, by ${by}` : `**missed by ${by}**`;
}

/**
 * Its row in the report: what, wanted, measured, verdict.
 *
 * @param {Target} target
 */
export function targetCells(target) {
  const { what, bound, wanted, measured, unit, note } = target;
  // As it was set: no digits that nobody asked for.
  const shownWanted = wanted.toLocaleString('en-US', { maximumFractionDigits: 4 });
  const shown = `${formatNumber(measured)}${unit}${note ? ` (${note})` : ''}`;
  return [what, `${bound} ${shownWanted}${unit}`, shown, verdict(target)];
}
