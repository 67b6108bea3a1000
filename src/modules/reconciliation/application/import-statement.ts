import { Injectable } from '@nestjs/common';
import { PLATFORM, UnitOfWork } from '../../../platform/database/index.js';
import { type RailBooking, RailsService } from '../../rails/index.js';
import { changedBooking } from '../domain/find-breaks.js';
import { type LeasedRun, RunRepository } from '../persistence/run.repository.js';
import { StatementRepository } from '../persistence/statement.repository.js';
import { OpenBreaks } from './open-breaks.js';
import { keepLease } from './run-lease.js';

/** The rail did not give its statement: asked again later. */
export class StatementUnavailable extends Error {
  override readonly name = 'StatementUnavailable';
}

/** Takes over what a rail says it booked. A page imported twice changes nothing. */
@Injectable()
export class ImportStatement {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rails: RailsService,
    private readonly runs: RunRepository,
    private readonly statement: StatementRepository,
    private readonly breaks: OpenBreaks,
  ) {}

  /**
   * No transaction is open while the rail is asked.
   *
   * @throws StatementUnavailable, RunLeaseLost
   */
  async import(run: LeasedRun, from: Date, to: Date): Promise<void> {
    for await (const page of this.pagesOf(run, from, to)) {
      await keepLease(this.runs, run);
      if (page.length > 0) await this.keep(run, page);
    }
  }

  /** What goes wrong here is the rail's; what goes wrong with a page is ours. */
  private async *pagesOf({ rail }: LeasedRun, from: Date, to: Date): AsyncGenerator<readonly RailBooking[]> {
    const pages = this.rails.get(rail).fetchStatement(from, to);
    try {
      for await (const page of pages) yield page;
    } catch (error) {
      throw new StatementUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  private async keep(run: LeasedRun, page: readonly RailBooking[]): Promise<void> {
    await this.statement.insert(run, page);
    const changed = await this.statement.listChanged(run, page);
    if (changed.length === 0) return;
    const context = { rail: run.rail, runId: run.id };
    await this.unitOfWork.run(PLATFORM, (tx) =>
      this.breaks.open(
        tx,
        changed.map((one) => changedBooking(one, context)),
      ),
    );
  }
}
