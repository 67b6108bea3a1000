import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import { EventLog } from '../../events/index.js';
import { type ChunkBulk, ChunkRepository } from '../persistence/chunk.repository.js';
import { HeldLinesRepository } from '../persistence/held-lines.repository.js';
import { TallyRepository } from '../persistence/tally.repository.js';
import { TransfersMetrics } from '../transfers.metrics.js';
import { TellMoves } from './tell-moves.js';

/**
 * Ends the lines of a bulk that never began, all in one transaction: nothing of it is handed out, so there is no worker to meet, and the
 * debtor's account is touched once, by the caller, at the very end.
 */
@Injectable()
export class WithdrawLines {
  constructor(
    private readonly held: HeldLinesRepository,
    private readonly chunks: ChunkRepository,
    private readonly tallies: TallyRepository,
    private readonly events: EventLog,
    private readonly listeners: TellMoves,
    private readonly metrics: TransfersMetrics,
  ) {}

  /** The caller holds the bulk's lock, and releases what is returned: the money of the cancelled lines, in minor units. */
  async withdraw(
    tx: Tx,
    withdrawn: Pick<ChunkBulk, 'id' | 'organizationId' | 'transferCount'>,
    detail: string,
  ): Promise<bigint> {
    const bulk = { organizationId: withdrawn.organizationId, bulkId: withdrawn.id };
    const chunkIds = await this.held.lockChunks(tx, bulk.bulkId);
    const groups = await this.held.cancelUnsent(tx, { ...bulk, detail });
    await this.chunks.closeEmptied(tx, chunkIds);
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    const sumMinor = groups.reduce((sum, group) => sum + group.sumMinor, 0n);
    if (count === 0) return 0n;
    await this.tallies.append(
      tx,
      { ...bulk, source: 'stop', sourceId: null },
      { counts: { pending: -count, cancelled: count }, amountsMinor: { cancelled: sumMinor } },
    );
    const lines = groups.flatMap((group) => group.lines.map((line) => ({ line, to: 'cancelled', code: 'stopped' })));
    this.events.recordLines(tx, { ...bulk, lines });
    // After the account, as everybody who records: a line that the rail has claimed is still open, and counted when it ends.
    tx.beforeCommit(() => this.listeners.tellEnded(tx, withdrawn, count));
    tx.afterCommit(() => {
      for (const group of groups) this.metrics.withdrawn(group.rail, group.count);
    });
    return sumMinor;
  }
}
