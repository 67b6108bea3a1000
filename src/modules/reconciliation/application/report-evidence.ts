import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PLATFORM, UnitOfWork } from '../../../platform/database/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { TransfersService } from '../../transfers/index.js';
import { breakOfEvidence } from '../domain/break-of-evidence.js';
import { BreakRepository } from '../persistence/break.repository.js';
import { OpenBreaks } from './open-breaks.js';

const BATCH = 500;
const INTERVAL_MS = 1_000;

/** Opens a case for everything a rail said that the engine could not follow: contradictions, and references that are not ours. */
@Injectable()
export class ReportEvidence implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly transfers: TransfersService,
    private readonly repository: BreakRepository,
    private readonly breaks: OpenBreaks,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    const run = () => this.report();
    this.loops.add({ name: 'reconciliation-evidence', intervalMs: INTERVAL_MS, wakesOn: 'evidence', run });
  }

  private async report(): Promise<boolean> {
    return this.unitOfWork.run(PLATFORM, async (tx) => {
      // One reporter at a time: which of two breaks of a transfer carries its money on suspense is decided by what is there already.
      if (!(await this.repository.tryLockReporting(tx))) return false;
      const items = await this.transfers.takeUnreported(tx, BATCH);
      for (const item of items) await this.breaks.openOrNote(tx, [breakOfEvidence(item)]);
      return items.length === BATCH;
    });
  }
}
