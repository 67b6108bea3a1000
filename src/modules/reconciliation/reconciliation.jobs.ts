import { defineJob } from '../../platform/queue/index.js';

/** Fetches a rail's statement and compares it with our books. */
export const reconcileRailJob = defineJob<{ runId: string }>('reconcile-rail');

export const reconciliationJobs = [reconcileRailJob];
