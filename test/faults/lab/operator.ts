import type { Night } from './night.js';

/** Lets whatever was paused go on. False when there was something: a bulk may have been paused again. */
export async function resumeAll(night: Night): Promise<boolean> {
  const paused = await night.sql<{ id: string }>(`SELECT id FROM bulk_requests WHERE status = 'paused'`);
  for (const { id } of paused) await night.call('POST', `/bulk-requests/${id}/resume`, {});
  return paused.length === 0;
}

/** Does what the runbook says about lines in review: asks the bank, and tells us. */
export async function reviewAll(night: Night): Promise<void> {
  const waiting = await night.sql<{ id: string; reference: string }>(
    `SELECT id, replace(id::text, '-', '') AS reference FROM transfers WHERE status = 'manual_review'`,
  );
  if (waiting.length === 0) return;
  const paid = new Set((await night.bank.executed()).map((payment) => payment.reference));
  for (const { id, reference } of waiting) {
    const outcome = paid.has(reference) ? 'settled' : 'failed';
    const body = { outcome, evidence: `The bank's journal about ${reference}` };
    const { status, text } = await night.call('POST', `/transfers/${id}/resolve`, { body });
    if (status !== 200) throw new Error(`The review of ${id} was answered ${status}: ${text}`);
  }
}
