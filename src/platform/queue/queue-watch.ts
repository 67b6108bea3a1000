import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { within } from '../deadline.js';
import { createLogger } from '../logging/index.js';
import { Metrics } from '../metrics/index.js';
import { Loops } from '../scheduling/index.js';
import { Consumer, type Consuming } from './consumer.js';
import { Queues } from './queues.js';
import { reconnect } from './redis-connection.js';
import { type Idling, idlingAfter, isStalled } from './stalled-consumer.js';

const INTERVAL_MS = 3_000;
const ANSWER_TIMEOUT_MS = 2_000;

const logger = createLogger('queue-watch');

/**
 * Notices a worker that takes no jobs though some wait and it has room, and makes its connections anew. Its connections may look
 * well: this goes by what comes out of them. Jobs under way go on, and what they have to tell Redis is told again.
 */
@Injectable()
export class QueueWatch implements OnModuleInit {
  private readonly idling = new Map<string, Idling>();
  private readonly reconnects: Counter<'queue'>;

  constructor(
    private readonly consumer: Consumer,
    private readonly queues: Queues,
    private readonly loops: Loops,
    metrics: Metrics,
  ) {
    this.reconnects = metrics.counter({
      name: 'queue_reconnects_total',
      help: 'Times the connections of a queue were made anew because nothing came through them.',
      labelNames: ['queue'],
    });
  }

  onModuleInit(): void {
    this.loops.add({
      name: 'queue-watch',
      intervalMs: INTERVAL_MS,
      wakesOn: null,
      run: () => this.look(performance.now()).then(() => false),
    });
  }

  /** One look at every queue this process consumes. */
  async look(atMs: number): Promise<void> {
    await Promise.all(this.consumer.consuming().map((consuming) => this.lookAt(consuming, atMs)));
  }

  private async lookAt(consuming: Consuming, atMs: number): Promise<void> {
    const { queue, taken, hasRoom } = consuming;
    const waiting = hasRoom ? await this.waiting(queue) : 0;
    const idling = idlingAfter(this.idling.get(queue) ?? null, { atMs, waiting, taken, hasRoom });
    if (idling === null) {
      this.idling.delete(queue);
      return;
    }
    this.idling.set(queue, idling);
    if (!isStalled(idling)) return;
    this.idling.delete(queue);
    logger.warn({ event: 'queue_stalled', queue, waiting, idle_ms: Math.round(atMs - idling.sinceMs) });
    this.reconnects.inc({ queue });
    await reconnect(consuming.worker.getBackend());
  }

  /** 0 when Redis does not say: whether this worker is to blame shows when it does. */
  private async waiting(queue: string): Promise<number> {
    try {
      return await within(ANSWER_TIMEOUT_MS, () => this.queues.countWaiting(queue));
    } catch (error) {
      logger.debug({ event: 'queue_not_counted', queue, err: error });
      return 0;
    }
  }
}
