import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../platform/database/index.js';
import { RequestCompletion } from './application/request-completion.js';
import { type ChunkReport, ExecuteChunk } from './application/execute-chunk.js';
import { type OpenedTransfer, OpenTransfers } from './application/open-transfers.js';
import { StopLines } from './application/stop-lines.js';
import type { StoredTransferStatus } from './domain/transfer.state.js';
import { DispatchRepository } from './persistence/dispatch.repository.js';
import { TallyRepository, type TallySums } from './persistence/tally.repository.js';
import { type NewTransfersOwner, TransferRepository } from './persistence/transfer.repository.js';

/** What other modules ask of transfers. */
@Injectable()
export class TransfersService {
  constructor(
    private readonly openTransfers: OpenTransfers,
    private readonly stopLines: StopLines,
    private readonly completion: RequestCompletion,
    private readonly executeChunk: ExecuteChunk,
    private readonly dispatch: DispatchRepository,
    private readonly tallies: TallyRepository,
    private readonly transfers: TransferRepository,
  ) {}

  /** Stores the lines of an accepted bulk and the chunks they are worked off in. */
  open(
    tx: Tx,
    owner: NewTransfersOwner & { urgent: boolean; chunkSize: number },
    lines: readonly OpenedTransfer[],
  ): Promise<void> {
    return this.openTransfers.open(tx, owner, lines);
  }

  /** Ends the unsent lines of a bulk that is committed as `cancelling`. Returns how many were cancelled. */
  stop(bulkId: string): Promise<number> {
    return this.stopLines.stop(bulkId);
  }

  /** After a commit that ended lines: asks for the bulk's completion when nothing of it is open. */
  checkCompletion(bulkId: string): Promise<void> {
    return this.completion.check(bulkId);
  }

  /** Counts and sums by status, from the transfers themselves. */
  countByStatus(
    on: Queryable,
    bulkId: string,
  ): Promise<{ status: StoredTransferStatus; count: number; sumMinor: bigint }[]> {
    return this.transfers.countByStatus(on, bulkId);
  }

  /** Removes a bulk's tallies; their sums go into its own row. */
  foldTallies(tx: Tx, bulkId: string): Promise<TallySums> {
    return this.tallies.fold(tx, bulkId);
  }

  /** Executes the next due chunk in this process, to step through a bulk by hand. Null when nothing is due. */
  async executeNext(): Promise<ChunkReport | null> {
    const chunkId = await this.dispatch.findNextDue();
    return chunkId === null ? null : this.executeChunk.execute(chunkId);
  }
}
