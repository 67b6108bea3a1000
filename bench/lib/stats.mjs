/**
 * The value that a share of the values does not exceed, between the two nearest where it falls between them.
 *
 * @param {readonly number[]} values
 * @param {number} percent 0 to 100
 */
export function percentile(values, percent) {
  if (values.length === 0) throw new RangeError('no values to summarize');
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`no percentile: ${percent}`);
  const sorted = Float64Array.from(values).sort();
  const place = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** @param {readonly number[]} values */
export function median(values) {
  return percentile(values, 50);
}

/** @param {readonly number[]} values */
export function min(values) {
  return percentile(values, 0);
}

/** @param {readonly number[]} values */
export function max(values) {
  return percentile(values, 100);
}

/** @param {readonly number[]} values */
export function summary(values) {
  return { median: median(values), min: min(values), max: max(values) };
}

/**
 * For a table: `28,400 (27,900 to 29,100)`.
 *
 * @param {readonly number[]} values
 * @param {number} [digits] after the point; by size unless given
 */
export function spread(values, digits) {
  const { median: middle, min: least, max: most } = summary(values);
  const places = digits ?? fittingDigits(middle);
  const shown = values.length === 1 ? [middle] : [middle, least, most];
  const [first, ...range] = shown.map((value) => formatNumber(value, places));
  return range.length === 0 ? `${first}` : `${first} (${range.join(' to ')})`;
}

/**
 * Three significant digits where that says something, and no decimals from a hundred up.
 *
 * @param {number} value
 * @param {number} [digits]
 */
export function formatNumber(value, digits = fittingDigits(value)) {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** @param {number} value */
function fittingDigits(value) {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return 0;
  return size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
}
