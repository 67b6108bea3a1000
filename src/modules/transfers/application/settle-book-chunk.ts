import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { railReference } from '../../../domain/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { Outbox } from '../../../platform/outbox/index.js';
import { BOOK } from '../../rails/index.js';
import { decideBook } from '../domain/decide-book.js';
import { decideSubmission } from '../domain/decide-submission.js';
import type { Move } from '../domain/line.js';
import { BookDeliveryRepository } from '../persistence/book-delivery.repository.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { deliverBookCreditsJob } from '../transfers.jobs.js';
import type { Lease } from './lease-chunk.js';
import { RecordMoves } from './record-moves.js';

/**
 * The `book` rail: it decides and posts inside the record transaction, so there is never doubt. Within one organization the
 * counterparty's account is credited at once; for another's the money waits on a clearing account and a second transaction delivers it.
 */
@Injectable()
export class SettleBookChunk {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly chunks: ChunkRepository,
    private readonly recorder: RecordMoves,
    private readonly creditors: BookDeliveryRepository,
    private readonly outbox: Outbox,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The moves recorded; null when the lease was lost. */
  async settle(lease: Lease): Promise<Move[] | null> {
    return this.unitOfWork.run(async (tx) => {
      if (!(await this.chunks.lockLeased(tx, lease.chunk.id, lease.token))) return null;
      return this.settleLocked(tx, lease);
    });
  }

  private async settleLocked(tx: Tx, lease: Lease): Promise<Move[]> {
    const { chunk, lines } = lease;
    const bulk = await this.chunks.getBulk(tx, chunk.bulkId);
    const creditorIds = lines.flatMap((line) => line.creditorAccountId ?? []);
    const creditors = await this.creditors.findCreditors(tx, creditorIds);
    const context = {
      tries: chunk.tries,
      deaths: chunk.deaths,
      lineCount: chunk.lineCount,
      backoff: { baseMs: this.config.RETRY_BASE_MS, maxMs: this.config.RETRY_MAX_MS },
      maxAttempts: this.config.TRANSFER_MAX_ATTEMPTS,
      visibilityHorizonMs: 0,
      deduplicates: true,
      random: 0,
    };
    const creditorOf = new Map(lines.map((line) => [line.id, creditors.get(line.creditorAccountId ?? '')]));
    const moves = lines.map((line) =>
      decideSubmission(line, decideBook(line.currency, creditorOf.get(line.id), railReference(line.id)), context),
    );
    const abroad = moves.some(
      (move) => move.to === 'settled' && creditorOf.get(move.line.id)?.organizationId !== bulk.organizationId,
    );
    const clearingId = abroad ? await this.recorder.clearingAccount(tx, bulk, BOOK) : null;
    await this.recorder.record(tx, {
      bulk,
      rail: BOOK,
      chunk: { id: chunk.id, leasedAt: lease.leasedAt },
      moves,
      creditAccountOf: (move) => {
        const creditor = creditorOf.get(move.line.id);
        return creditor?.organizationId === bulk.organizationId ? creditor.id : (clearingId ?? '');
      },
    });
    if (abroad) {
      await this.outbox.add(tx, deliverBookCreditsJob, {
        organizationId: bulk.organizationId,
        ids: { chunkId: chunk.id },
        dedupeKey: `deliver:${chunk.id}`,
      });
    }
    return moves;
  }
}
