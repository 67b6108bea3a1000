import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { DISCOVERY, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { QueueEpoch, Queues, RedisClient } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { ClaimRepository } from '../persistence/claim.repository.js';
import { deliverWebhookJob } from '../webhooks.jobs.js';

const POLL_INTERVAL_MS = 1_000;

const logger = createLogger('webhooks');

/** Hands due deliveries to their queue, a bounded number at a time and taking turns, so that whoever hangs keeps only their own waiting. */
@Injectable()
export class ClaimDeliveries implements OnModuleInit {
  constructor(
    private readonly repository: ClaimRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly queues: Queues,
    private readonly redis: RedisClient,
    private readonly epoch: QueueEpoch,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.epoch.onLoss(() => this.repository.reopenAll());
    this.loops.add({
      name: 'claim-webhooks',
      intervalMs: POLL_INTERVAL_MS,
      wakesOn: 'webhooks',
      run: () => this.claim(),
    });
  }

  private async claim(): Promise<boolean> {
    // Claiming what cannot be handed over would only hide it.
    if (!this.redis.isReady || !(await this.repository.hasDue())) return false;
    const limits = {
      inFlight: this.config.WEBHOOK_IN_FLIGHT,
      inFlightPerOrganization: this.config.WEBHOOK_IN_FLIGHT_PER_ORGANIZATION,
      claimMs: this.config.WEBHOOK_LEASE_MS,
    };
    const claimed = await this.unitOfWork.run(DISCOVERY, (tx) => this.repository.claim(tx, limits));
    if (claimed.length === 0) return false;
    try {
      await this.queues.publish(
        claimed.map(({ id, organizationId, claim }) => ({
          job: deliverWebhookJob.name,
          id,
          generation: claim,
          envelope: {
            organizationId,
            ids: { deliveryId: id, claim: String(claim) },
            requestId: null,
            outboxId: null,
          },
        })),
      );
    } catch (error) {
      logger.warn({ event: 'webhooks_not_handed_over', deliveries: claimed.length, err: error });
      await this.repository.giveBack(claimed);
    }
    return false;
  }
}
