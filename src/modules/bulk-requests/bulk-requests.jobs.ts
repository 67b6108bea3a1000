import { defineJob } from '../../platform/queue/index.js';

/** A bulk that should be complete does not add up, again and again. */
export const recountBulkRequestJob = defineJob<{ bulkId: string }>('recount-bulk-request');

export const bulkRequestJobs = [recountBulkRequestJob];
