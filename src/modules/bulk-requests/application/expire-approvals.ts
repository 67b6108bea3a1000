import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY, ofOrganization, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import type { BulkRequestStatus } from '../domain/bulk-request.state.js';
import { ApprovalRepository } from '../persistence/approval.repository.js';
import { BulkControlRepository } from '../persistence/bulk-control.repository.js';
import { DismissBulkRequest } from './dismiss-bulk-request.js';

const BATCH = 100;
const logger = createLogger('approval');

/** Money is not reserved for ever for something nobody looks at: what is not approved in time is rejected. */
@Injectable()
export class ExpireApprovals implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly control: BulkControlRepository,
    private readonly approvals: ApprovalRepository,
    private readonly dismissal: DismissBulkRequest,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.loops.add({
      name: 'expire-approvals',
      intervalMs: this.config.SWEEP_INTERVAL_MS,
      wakesOn: null,
      run: () => this.sweep(),
    });
  }

  /** The state it is in afterwards; null when somebody has decided before. */
  async expire(organizationId: string, bulkId: string): Promise<BulkRequestStatus | null> {
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const bulk = await this.control.lock(tx, organizationId, bulkId);
      if (bulk?.status !== 'awaiting_approval') return bulk?.status ?? null;
      const approval = await this.approvals.find(tx, organizationId, bulkId);
      if (!approval?.request.isOverdue) return null;
      const status = await this.dismissal.dismiss(tx, bulkId, 'expired');
      const told = { bulk_request_id: bulkId, organization_id: organizationId, status };
      tx.afterCommit(() => logger.info({ event: 'bulk_rejected', outcome: 'expired', ...told }));
      return status;
    });
  }

  private async sweep(): Promise<boolean> {
    let ended = 0;
    for (const { organizationId, bulkId } of await this.approvals.findOverdue(this.database.as(DISCOVERY), BATCH)) {
      try {
        await this.expire(organizationId, bulkId);
        ended++;
      } catch (error) {
        // One that cannot be ended is told and left: it must not keep the others waiting.
        logger.error({ event: 'approval_not_expired', bulk_request_id: bulkId, err: error });
      }
    }
    return ended === BATCH;
  }
}
