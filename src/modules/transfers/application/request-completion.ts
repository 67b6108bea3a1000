import { Injectable } from '@nestjs/common';
import { Database, UnitOfWork } from '../../../platform/database/index.js';
import { Outbox } from '../../../platform/outbox/index.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { DispatchRepository } from '../persistence/dispatch.repository.js';
import { completeBulkRequestJob } from '../transfers.jobs.js';

/**
 * Asks for a bulk's completion once nothing of it is open. Runs after the commit that ended a line: inside it, the last two
 * workers could each miss the other. When the process dies in between, the sweep of open bulks asks instead.
 */
@Injectable()
export class RequestCompletion {
  constructor(
    private readonly database: Database,
    private readonly dispatch: DispatchRepository,
    private readonly chunks: ChunkRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
  ) {}

  async check(bulkId: string): Promise<void> {
    if (await this.dispatch.hasUnfinished(this.database, bulkId)) return;
    await this.unitOfWork.run(async (tx) => {
      const bulk = await this.chunks.getBulk(tx, bulkId);
      await this.outbox.add(tx, completeBulkRequestJob, {
        organizationId: bulk.organizationId,
        ids: { bulkId },
        dedupeKey: `complete:${bulkId}`,
      });
    });
  }
}
