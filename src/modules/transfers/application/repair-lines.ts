import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import { BOOK } from '../../rails/index.js';
import type { FollowUp, Move } from '../domain/line.js';
import type { StoredTransferStatus } from '../domain/transfer.state.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { type Recount, TallyRepository, type TallySums } from '../persistence/tally.repository.js';
import { type OrphanedLine, TransferRepository } from '../persistence/transfer.repository.js';
import { RecordMoves } from './record-moves.js';

const COUNTED: readonly (readonly [StoredTransferStatus, keyof TallySums])[] = [
  ['pending', 'pending'],
  ['submitted', 'submitted'],
  ['in_doubt', 'inDoubt'],
  ['manual_review', 'manualReview'],
  ['settled', 'settled'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['returned', 'returned'],
];
const MEASURED = [
  ['settled', 'settledMinor'],
  ['failed', 'failedMinor'],
  ['cancelled', 'cancelledMinor'],
  ['returned', 'returnedMinor'],
] as const;

/** Puts right what only a defect of ours can have put wrong. The lines are the truth; what is derived from them follows. */
@Injectable()
export class RepairLines {
  constructor(
    private readonly chunks: ChunkRepository,
    private readonly transfers: TransferRepository,
    private readonly tallies: TallyRepository,
    private readonly recorder: RecordMoves,
  ) {}

  /** Gives open lines that are in no unfinished chunk one: the unsent are submitted, the others asked about. Returns how many. */
  async adoptOrphans(tx: Tx, bulkId: string): Promise<number> {
    const orphans = await this.transfers.listOrphans(tx, bulkId);
    const bulk = await this.chunks.getBulk(tx, bulkId);
    for (const rail of new Set(orphans.map((line) => line.rail))) {
      const moves = orphans.filter((line) => line.rail === rail).map(adopt);
      await this.recorder.record(tx, { bulk, rail, chunk: null, moves });
    }
    return orphans.length;
  }

  /** Appends what the tallies lack against the lines, beside `accepted`, which the bulk's own row counts as pending. */
  async correctTallies(tx: Tx, bulkId: string, recount: Recount, accepted: number): Promise<boolean> {
    const bulk = await this.chunks.getBulk(tx, bulkId);
    const of = (status: string) => recount.lines.find((group) => group.status === status);
    const counts = Object.fromEntries(
      COUNTED.map(([status, tally]) => {
        const known = Number(recount.tallies[tally]) + (status === 'pending' ? accepted : 0);
        return [status, (of(status)?.count ?? 0) - known];
      }),
    );
    const amountsMinor = Object.fromEntries(
      MEASURED.map(([status, tally]) => [status, (of(status)?.sumMinor ?? 0n) - recount.tallies[tally]]),
    );
    const isRight =
      Object.values(counts).every((count) => count === 0) && Object.values(amountsMinor).every((sum) => sum === 0n);
    if (isRight) return false;
    const owner = { organizationId: bulk.organizationId, bulkId, source: 'recount', sourceId: null };
    await this.tallies.append(tx, owner, { counts, amountsMinor });
    return true;
  }
}

/** Only what provably never left is submitted; with `book`, nothing leaves before it is recorded. */
function adopt(line: OrphanedLine): Move {
  const isPending = line.status === 'pending';
  const isUnsent = isPending && !line.possiblySent && (line.rail === BOOK || !line.mayHaveLeft);
  const followUp: FollowUp = { purpose: isUnsent ? 'submit' : 'inquire', tries: 0, deaths: 0, dueInMs: 0, size: null };
  // Possibly sent, and waiting to be sent again or for its outcome to be recorded: the rail is asked first.
  const isDoubted = isPending && !isUnsent;
  return {
    line,
    from: isDoubted ? 'submitting' : line.status,
    to: isDoubted ? 'in_doubt' : line.status,
    source: 'lost_lease',
    attempts: isDoubted && line.mayHaveLeft ? line.attempts + 1 : line.attempts,
    possiblySent: line.possiblySent || isDoubted,
    code: 'stranded',
    detail: 'Nobody was working on it any more',
    railId: null,
    followUp,
  };
}
