import { defineJob } from '../../platform/queue/index.js';

/** Sends one event to one endpoint. `claim` is which handing out of the delivery the job belongs to. */
export const deliverWebhookJob = defineJob<{ deliveryId: string; claim: string }>('deliver-webhook');

export const webhookJobs = [deliverWebhookJob];
