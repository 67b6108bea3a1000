import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import type { Tx } from '../../../platform/database/index.js';
import { type IdempotentRequest, IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { AuditTrail } from '../../audit/index.js';
import type { Move } from '../domain/line.js';
import { type ChunkBulk, ChunkRepository } from '../persistence/chunk.repository.js';
import { TransferReadsRepository } from '../persistence/transfer-reads.repository.js';
import { TransferRepository, type TransferState } from '../persistence/transfer.repository.js';
import { RecordMoves } from './record-moves.js';
import { RequestCompletion } from './request-completion.js';

/** A transfer under its lock. Unless its chunk is leased, nobody else can decide about it now. */
export interface LockedTransfer {
  readonly transfer: TransferState;
  readonly bulk: ChunkBulk;
  readonly rail: string;
  readonly isLeased: boolean;
}

export interface TransferMoveRequest {
  readonly organizationId: string;
  readonly transferId: string;
  /** Names the operation idempotency keys belong to. */
  readonly operation: string;
  readonly idempotencyKey: string | null;
  readonly body: object;
}

/** Makes the answer, inside the transaction that moved the transfer. */
export type TransferAnswer = (tx: Tx) => Promise<Reply>;

const logger = createLogger('control');

/** Moves one transfer because somebody asked for it, under the same locks and with the same SQL as a chunk's own record. */
@Injectable()
export class MoveTransfer {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly reads: TransferReadsRepository,
    private readonly chunks: ChunkRepository,
    private readonly transfers: TransferRepository,
    private readonly recorder: RecordMoves,
    private readonly completion: RequestCompletion,
    private readonly audit: AuditTrail,
  ) {}

  /** @param decide the move to record; throws when there is none */
  async move(
    request: TransferMoveRequest,
    decide: (found: LockedTransfer) => Move,
    answer: TransferAnswer,
  ): Promise<Reply> {
    const movedIn: string[] = [];
    const reply = await this.idempotency.run(idempotent(request), async (tx) => {
      const found = await this.lock(tx, request);
      const move = decide(found);
      const { bulk, rail, transfer } = found;
      const [recorded = move] = await this.recorder.record(tx, { bulk, rail, chunk: null, moves: [move] });
      await this.chunks.closeEmptied(tx, [transfer.chunkId]);
      this.record(tx, bulk, recorded);
      tx.afterCommit(() => {
        movedIn.push(bulk.id);
        logger.info({
          event: move.source === 'operator' ? 'transfer_resolved' : 'transfer_cancelled',
          transfer_id: transfer.id,
          bulk_request_id: bulk.id,
          organization_id: bulk.organizationId,
          status: move.to,
        });
      });
      return answer(tx);
    });
    for (const bulkId of movedIn) await this.completion.check(request.organizationId, bulkId);
    return reply;
  }

  /** By whom is the entry's actor; what an operator knows it from is free text, and stays with the transfer. */
  private record(tx: Tx, { id: bulkId, organizationId, currency }: ChunkBulk, { line, from, to, source }: Move): void {
    this.audit.record(tx, {
      organizationId,
      action: source === 'operator' ? 'transfer.resolved' : 'transfer.cancelled',
      resource: { type: 'transfer', id: line.id },
      before: { status: from },
      after: { status: to, bulk_request_id: bulkId, amount_minor: line.amountMinor.toString(), currency },
    });
  }

  /**
   * Its chunk first, then the transfer. While the chunk's lock is awaited, a record may put the line into another chunk: only who
   * holds the lock of the chunk it is in can do that, so the line stays where it is once that lock is ours.
   */
  private async lock(tx: Tx, { organizationId, transferId }: TransferMoveRequest): Promise<LockedTransfer> {
    let place = await this.locate(tx, organizationId, transferId);
    let isLeased = true;
    for (let chunkId = ''; place.chunkId !== chunkId; place = await this.locate(tx, organizationId, transferId)) {
      ({ chunkId } = place);
      isLeased = (await this.chunks.lockUnleasedByIds(tx, [chunkId])).length === 0;
    }
    const [transfer] = await this.transfers.lockStates(tx, [transferId]);
    if (!transfer) throw notFound('transfer');
    return { transfer, bulk: await this.chunks.getBulk(tx, place.bulkId), rail: place.rail, isLeased };
  }

  private async locate(tx: Tx, organizationId: string, transferId: string) {
    const place = await this.reads.locate(tx, organizationId, transferId);
    if (!place) throw notFound('transfer');
    return place;
  }
}

/** The id is part of what the key stands for: the same key for another transfer is another request. */
function idempotent({ organizationId, transferId, operation, idempotencyKey, body }: TransferMoveRequest) {
  return { organizationId, operation, key: idempotencyKey, body: { ...body, transferId } } satisfies IdempotentRequest;
}
