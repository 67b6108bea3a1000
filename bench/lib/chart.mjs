import { formatNumber } from './stats.mjs';

/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {{label: string, value: number, isOurs?: boolean}[]} bars
 */

const WIDTH = 720;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 26;
const STEP = 38;
const TOP = 52;
// Read on light and on dark pages alike.
const OURS = '#2f81f7';
const OTHERS = '#8b949e';
const INK = '#768390';

/**
 * Bars beside each other, as an SVG that needs no fonts of its own.
 *
 * @param {Chart} chart
 */
export function barChart({ title, bars }) {
  const most = Math.max(...bars.map(({ value }) => value));
  const height = TOP + bars.length * STEP + 6;
  const drawn = bars.map(({ label, value, isOurs = false }, index) => {
    const y = TOP + index * STEP;
    const width = Math.max(2, ((WIDTH - LABEL_WIDTH - VALUE_WIDTH) * value) / most);
    const middle = y + BAR_HEIGHT / 2 + 5;
    return [
      `  <text x="${LABEL_WIDTH - 12}" y="${middle}" text-anchor="end">${escapeText(label)}</text>`,
      `  <rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="3" fill="${isOurs ? OURS : OTHERS}"/>`,
      `  <text x="${(LABEL_WIDTH + width + 8).toFixed(1)}" y="${middle}">${formatNumber(value)}</text>`,
    ].join('\n');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ` +
      `font-family="system-ui, sans-serif" font-size="14" fill="${INK}">`,
    `  <title>${escapeText(title)}</title>`,
    `  <text x="12" y="28" font-size="16" font-weight="600">${escapeText(title)}</text>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

/** @param {string} text */
function escapeText(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
