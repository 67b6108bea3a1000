import { Injectable } from '@nestjs/common';
import { railReference } from '../../../domain/ids.js';
import type { PaymentOutcome } from '../../../domain/payment-outcome.js';
import { Database, DISCOVERY, type Tx } from '../../../platform/database/index.js';
import { Outbox } from '../../../platform/outbox/index.js';
import { BOOK } from '../../rails/index.js';
import { decideBook } from '../domain/decide-book.js';
import { decideBookReversals } from '../domain/decide-book-reversal.js';
import { decideSubmission } from '../domain/decide-submission.js';
import type { Move, PayableLine } from '../domain/line.js';
import { type BookCreditor, BookDeliveryRepository } from '../persistence/book-delivery.repository.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { deliverBookCreditsJob } from '../transfers.jobs.js';
import { DecisionContexts } from './decision-contexts.js';
import type { Lease } from './lease-chunk.js';
import { RecordMoves } from './record-moves.js';
import { RecordUnderLease } from './record-under-lease.js';

/**
 * The `book` rail: it decides and posts inside the record transaction, so there is never doubt. Within one organization the
 * counterparty's account is credited at once; for another's the money waits on a clearing account and a second transaction delivers it.
 */
@Injectable()
export class SettleBookChunk {
  constructor(
    private readonly database: Database,
    private readonly records: RecordUnderLease,
    private readonly chunks: ChunkRepository,
    private readonly recorder: RecordMoves,
    private readonly creditors: BookDeliveryRepository,
    private readonly outbox: Outbox,
    private readonly contexts: DecisionContexts,
  ) {}

  /** The moves recorded; null when the lease was lost. */
  async settle(lease: Lease): Promise<readonly Move[] | null> {
    // Before the transaction: that acts for the debtor's organization, which sees no other's accounts.
    const verified = await this.creditors.findVerified(this.database.as(DISCOVERY), creditorIdsOf(lease));
    return this.records.run(lease, (tx) => this.settleLocked(tx, lease, verified));
  }

  private async settleLocked(
    tx: Tx,
    lease: Lease,
    verified: ReadonlyMap<string, BookCreditor>,
  ): Promise<readonly Move[]> {
    const { chunk, lines } = lease;
    const bulk = await this.chunks.getBulk(tx, chunk.bulkId);
    const own = await this.creditors.findOwn(tx, creditorIdsOf(lease));
    const creditors = new Map([...verified, ...own]);
    const context = this.contexts.of(chunk);
    const creditorOf = new Map(lines.map((line) => [line.id, creditors.get(line.creditorAccountId ?? '')]));
    const outcomes = bulk.isReversal
      ? reversalsOf(lines, creditorOf, bulk.organizationId)
      : lines.map((line) => decideBook(line.currency, creditorOf.get(line.id), railReference(line.id)));
    const moves = lines.map((line, index) => decideSubmission(line, outcomes[index] as PaymentOutcome, context));
    const abroad = moves.some(
      (move) => move.to === 'settled' && creditorOf.get(move.line.id)?.organizationId !== bulk.organizationId,
    );
    const clearingId = abroad ? await this.recorder.clearingAccount(tx, bulk, BOOK) : null;
    const recorded = await this.recorder.record(tx, {
      bulk,
      rail: BOOK,
      chunk: { id: chunk.id, lineCount: chunk.lineCount, leasedAt: lease.leasedAt },
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
    return recorded;
  }
}

const creditorIdsOf = ({ lines }: Lease): string[] => lines.flatMap((line) => line.creditorAccountId ?? []);

function reversalsOf(
  lines: readonly PayableLine[],
  creditorOf: ReadonlyMap<string, BookCreditor | undefined>,
  organizationId: string,
): PaymentOutcome[] {
  return decideBookReversals(
    lines.map((line) => {
      const creditor = creditorOf.get(line.id);
      return {
        reference: railReference(line.id),
        amountMinor: line.amountMinor,
        creditor: creditor
          ? { availableMinor: 0n, ...creditor, isOwn: creditor.organizationId === organizationId }
          : null,
      };
    }),
  );
}
