import type { LeasedRun, RunRepository } from '../persistence/run.repository.js';

/** How long a run may go without a sign of life. */
export const LEASE_MS = 60_000;

/** Somebody else works on the run by now. */
export class RunLeaseLost extends Error {
  override readonly name = 'RunLeaseLost';
}

/** Between two steps of a run: still ours, for another while. Steps may be repeated, so the lease only saves work. */
export async function keepLease(runs: RunRepository, run: LeasedRun): Promise<void> {
  if (!(await runs.renew(run, LEASE_MS))) throw new RunLeaseLost(`The lease of the run ${run.id} was lost`);
}

/** Renews the lease while a step takes long, such as a check of the whole ledger. */
export async function underLease(runs: RunRepository, run: LeasedRun, work: () => Promise<void>): Promise<void> {
  // When renewing fails, the next step notices.
  const heartbeat = setInterval(() => void runs.renew(run, LEASE_MS).catch(() => undefined), LEASE_MS / 3);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
  }
}
