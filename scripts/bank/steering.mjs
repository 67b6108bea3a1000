/**
 * What the remittance text of a payment asks the bank to do with it.
 *
 * @typedef {{act: 'settle' | 'hang' | 'return'} | {act: 'slow', afterMs: number} | {act: 'reject', code: string}
 *   | {act: 'accept', code?: string}} Steering
 */

const PATTERN = /^bank:(?:(reject):([A-Z0-9]{2,4})|(accept)(?::([A-Z0-9]{2,4}))?|(slow):([0-9]{1,6})|(hang|return))$/;

/**
 * @param {string | null} remittance
 * @returns {Steering}
 */
export function steeringOf(remittance) {
  const match = remittance?.startsWith('bank:') ? PATTERN.exec(remittance) : null;
  if (!match) return { act: 'settle' };
  const [, reject, rejectCode, accept, acceptCode, slow, slowMs, word] = match;
  if (reject) return { act: 'reject', code: rejectCode };
  if (accept) return { act: 'accept', code: acceptCode };
  if (slow) return { act: 'slow', afterMs: Number(slowMs) };
  return { act: /** @type {'hang' | 'return'} */ (word) };
}
