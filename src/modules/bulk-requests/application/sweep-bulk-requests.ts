import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, DISCOVERY } from '../../../platform/database/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { TransfersService } from '../../transfers/index.js';
import { BulkCompletionRepository } from '../persistence/bulk-completion.repository.js';

const BATCH = 100;

/** Asks for the completion of bulks nobody asked for: their worker died right after its last commit. */
@Injectable()
export class SweepBulkRequests implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly repository: BulkCompletionRepository,
    private readonly transfers: TransfersService,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.loops.add({
      name: 'sweep-bulk-requests',
      intervalMs: this.config.SWEEP_INTERVAL_MS,
      wakesOn: null,
      run: () => this.sweep(),
    });
  }

  private async sweep(): Promise<boolean> {
    const forgotten = await this.repository.findForgotten(this.database.as(DISCOVERY), BATCH);
    for (const { organizationId, id } of forgotten) await this.transfers.checkCompletion(organizationId, id);
    return forgotten.length === BATCH;
  }
}
