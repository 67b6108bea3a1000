import { WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { newId } from '../../domain/ids.js';
import { createLogger } from '../logging/index.js';
import { withRequestId } from '../logging/request-context.js';
import type { JobEnvelope, JobIds } from './job.js';
import type { OutboxAcknowledger } from './outbox-acknowledger.js';

const logger = createLogger('jobs');

/**
 * Every processor extends this: one place runs the job under its correlation id, acknowledges its outbox row, and logs a
 * failure. BullMQ's attempts cover failing infrastructure only; a payment is never retried by the queue.
 */
export abstract class JobHandler<Ids extends JobIds> extends WorkerHost {
  /** How many of these jobs one process runs at once; null means WORKER_CONCURRENCY. */
  readonly concurrency: number | null = null;

  protected constructor(private readonly outbox: OutboxAcknowledger) {
    super();
  }

  /** Does the work. Runs at least once: it must be right when it runs twice, or late, or for something already done. */
  protected abstract handle(ids: Ids): Promise<void>;

  override async process(job: Job<JobEnvelope<Ids>>): Promise<void> {
    const { ids, requestId, outboxId } = job.data;
    await withRequestId(requestId ?? newId(), async () => {
      try {
        await this.handle(ids);
        if (outboxId !== null) await this.outbox.acknowledge(outboxId);
      } catch (error) {
        logger.warn({ event: 'job_failed', job: job.name, job_id: job.id, attempt: job.attemptsMade + 1, err: error });
        throw error;
      }
    });
  }
}
