/**
 * @param {string} text as the API writes euros, "1234.50"
 * @returns {bigint} cents
 */
export function toCents(text) {
  return BigInt(text.replace('.', ''));
}

/**
 * @param {bigint} cents
 * @returns {string} with thousands separated, "1,234.50"
 */
export function showCents(cents) {
  const text = String(cents < 0n ? -cents : cents).padStart(3, '0');
  const whole = text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${cents < 0n ? '-' : ''}${whole}.${text.slice(-2)}`;
}
