import { Injectable, type OnModuleInit } from '@nestjs/common';
import { formatAmount } from '../../../domain/money.js';
import type { Tx } from '../../../platform/database/index.js';
import { EventLines, EventLog } from '../../events/index.js';
import type { Move } from '../domain/line.js';
import { stepReached } from '../domain/progress-step.js';
import { storedStatus, transferStates } from '../domain/transfer.state.js';
import { BulkProgressRepository } from '../persistence/bulk-progress.repository.js';
import type { ChunkBulk } from '../persistence/chunk.repository.js';
import { TransferReadsRepository } from '../persistence/transfer-reads.repository.js';

/** Tells whoever listens what became of lines: all of one recording as one block, and how far their bulk has come. */
@Injectable()
export class TellMoves implements OnModuleInit {
  constructor(
    private readonly events: EventLog,
    private readonly lines: EventLines,
    private readonly progress: BulkProgressRepository,
    private readonly reads: TransferReadsRepository,
  ) {}

  onModuleInit(): void {
    this.lines.provide(async (on, organizationId, places) => {
      const found = await this.reads.listToldLines(on, organizationId, places);
      return found.map(({ amountMinor, ...line }) => ({ ...line, amount: formatAmount(amountMinor, line.currency) }));
    });
  }

  /** After the accounts are written, which every recorder of the bulk that moves money waits for anyway. */
  async tell(
    tx: Tx,
    bulk: Pick<ChunkBulk, 'id' | 'organizationId' | 'transferCount'>,
    moves: readonly Move[],
  ): Promise<void> {
    const { organizationId, id: bulkId } = bulk;
    const told = moves.filter(({ from, to }) => storedStatus(from) !== storedStatus(to));
    const lines = told.map(({ line, to, code }) => ({ line: line.line, to: storedStatus(to), code }));
    this.events.recordLines(tx, { organizationId, bulkId, lines });
    const ended = told.filter(
      ({ from, to }) => transferStates.isTerminal(to) && !transferStates.isTerminal(from),
    ).length;
    await this.tellEnded(tx, bulk, ended);
  }

  /** How far the bulk has come with so many lines more that have ended: how many have is counted wherever lines end, in the same place. */
  async tellEnded(
    tx: Tx,
    bulk: Pick<ChunkBulk, 'id' | 'organizationId' | 'transferCount'>,
    ended: number,
  ): Promise<void> {
    const { organizationId, id: bulkId, transferCount } = bulk;
    // What ends at once has no progress.
    if (ended === 0 || ended === transferCount) return;
    const after = await this.progress.advance(tx, bulk, ended);
    const percent = stepReached({ before: after - ended, after, total: transferCount });
    if (percent === null) return;
    const data = { bulk_request_id: bulkId, percent, ended_count: after, transfer_count: transferCount };
    this.events.record(tx, { organizationId, type: 'bulk_request.progressed', subjectId: bulkId, data });
  }
}
