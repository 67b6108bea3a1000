import { Injectable } from '@nestjs/common';
import { ofOrganization, UnitOfWork } from '../../../platform/database/index.js';
import { Outbox } from '../../../platform/outbox/index.js';
import { DispatchRepository } from '../persistence/dispatch.repository.js';
import { completeBulkRequestJob } from '../transfers.jobs.js';

/**
 * Asks for a bulk's completion once nothing of it is open. Runs after the commit that ended a line: inside it, the last two
 * workers could each miss the other. When the process dies in between, the sweep of open bulks asks instead.
 */
@Injectable()
export class RequestCompletion {
  constructor(
    private readonly dispatch: DispatchRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
  ) {}

  async check(organizationId: string, bulkId: string): Promise<void> {
    await this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      if (await this.dispatch.hasUnfinished(tx, bulkId)) return;
      await this.outbox.add(tx, completeBulkRequestJob, {
        organizationId,
        ids: { bulkId },
        dedupeKey: `complete:${bulkId}`,
      });
    });
  }
}
