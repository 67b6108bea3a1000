import { defineJob } from '../../platform/queue/index.js';
import { RAIL_NAMES, type RailName } from '../rails/index.js';

/** One queue a rail: a slow rail keeps its own workers busy and nobody else's. */
export const executeChunkJobs = Object.fromEntries(
  RAIL_NAMES.map((rail) => [rail, defineJob<{ chunkId: string }>(`execute-chunk-${rail}`)]),
) as Readonly<Record<RailName, ReturnType<typeof defineJob<{ chunkId: string }>>>>;

/** Credits accounts of other organizations that a book transfer has paid. */
export const deliverBookCreditsJob = defineJob<{ chunkId: string }>('deliver-book-credits');

/** Nothing of a bulk is open any more. Handled by bulk-requests. */
export const completeBulkRequestJob = defineJob<{ bulkId: string }>('complete-bulk-request');

/** A line of a bulk with `on_failure: stop` failed for good. Handled by bulk-requests. */
export const stopBulkRequestJob = defineJob<{ bulkId: string }>('stop-bulk-request');

export const transferJobs = [
  ...Object.values(executeChunkJobs),
  deliverBookCreditsJob,
  completeBulkRequestJob,
  stopBulkRequestJob,
];
