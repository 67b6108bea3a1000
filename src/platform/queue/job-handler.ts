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
  /** Jobs begun since this process started. */
  private begun = 0;
  private readonly underWay = new Set<Promise<void>>();

  protected constructor(private readonly outbox: OutboxAcknowledger) {
    super();
  }

  /**
   * Does the work of an organization. Runs at least once: it must be right when it runs twice, or late, or for something already done.
   */
  protected abstract handle(organizationId: string, ids: Ids): Promise<void>;

  get taken(): number {
    return this.begun;
  }

  get running(): number {
    return this.underWay.size;
  }

  /** Resolves when nothing is under way. */
  async finished(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  override async process(job: Job<JobEnvelope<Ids>>): Promise<void> {
    this.begun += 1;
    const running = this.run(job);
    this.underWay.add(running);
    try {
      await running;
    } finally {
      this.underWay.delete(running);
    }
  }

  private async run({ id, name, data, attemptsMade }: Job<JobEnvelope<Ids>>): Promise<void> {
    const { organizationId, ids, requestId, outboxId } = data;
    await withRequestId(requestId ?? newId(), async () => {
      try {
        await this.handle(organizationId, ids);
        if (outboxId !== null) await this.outbox.acknowledge(outboxId);
      } catch (error) {
        logger.warn({ event: 'job_failed', job: name, job_id: id, attempt: attemptsMade + 1, err: error });
        throw error;
      }
    });
  }
}
