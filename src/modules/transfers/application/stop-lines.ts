import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import { decideCancel } from '../domain/decide-cancel.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { TransferRepository } from '../persistence/transfer.repository.js';
import { RecordMoves } from './record-moves.js';

/** Ends the lines of a bulk that were not sent. The caller holds the bulk's lock and has made it `cancelling`. */
@Injectable()
export class StopLines {
  constructor(
    private readonly chunks: ChunkRepository,
    private readonly transfers: TransferRepository,
    private readonly recorder: RecordMoves,
  ) {}

  /** Lines cancelled. Those of leased chunks follow when their worker records, or finds the bulk `cancelling`. */
  async stop(tx: Tx, bulkId: string): Promise<number> {
    const chunks = await this.chunks.lockUnleased(tx, bulkId);
    if (chunks.length === 0) return 0;
    const bulk = await this.chunks.getBulk(tx, bulkId);
    const ids = chunks.map((chunk) => chunk.id);
    const lines = await this.transfers.pendingLines(tx, bulkId, ids);
    const moves = lines.map((line) => decideCancel(line));
    // No line moves money here but out of the hold, so the rail does not matter.
    if (moves.length > 0) await this.recorder.record(tx, { bulk, rail: chunks[0]?.rail ?? '', chunk: null, moves });
    await this.chunks.close(tx, ids);
    return moves.filter((move) => move.to === 'cancelled').length;
  }
}
