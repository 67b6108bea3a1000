import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { UnitOfWork } from '../../../platform/database/index.js';
import { BOOK, RailsService } from '../../rails/index.js';
import { decideCancel } from '../domain/decide-cancel.js';
import type { PayableLine } from '../domain/line.js';
import { type ChunkBulk, ChunkRepository, type LeasedChunk } from '../persistence/chunk.repository.js';
import { RecordMoves } from './record-moves.js';

/** The right to execute a chunk, until the lease runs out. */
export interface Lease {
  readonly chunk: LeasedChunk;
  readonly bulk: ChunkBulk;
  readonly lines: readonly PayableLine[];
  readonly token: string;
  readonly leasedAt: Date;
  /** On this process's monotonic clock: taken before the lease was, so it runs out first. */
  readonly deadlineMs: number;
}

/** Why there is no lease. `cancelled`: the bulk is being stopped, and the chunk's lines were cancelled instead. */
export interface NoLease {
  readonly ended: 'nothing_to_do' | 'not_allowed' | 'cancelled';
  readonly bulkId: string | null;
  /** Lines cancelled. */
  readonly cancelled: number;
}

export type LeaseResult = Lease | NoLease;

/** Bulk states in which the rail may still be asked, though nothing new is sent. */
const MAY_INQUIRE = ['processing', 'paused', 'cancelling', 'reversing'];
/** Nothing is sent in the last part of a lease: what goes out there could be recorded by nobody. */
const USABLE_SHARE = 0.8;
/** A window is what its rail takes in this part of a lease: few lines are in doubt when its worker dies. */
const WINDOW_SHARE = 0.25;

@Injectable()
export class LeaseChunk {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly chunks: ChunkRepository,
    private readonly recorder: RecordMoves,
    private readonly rails: RailsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Takes a chunk, in separate statements so that each sees what was committed before it. */
  async take(chunkId: string): Promise<LeaseResult> {
    const deadlineMs = performance.now() + this.config.CHUNK_LEASE_MS * USABLE_SHARE;
    const token = randomUUID();
    return this.unitOfWork.run(async (tx) => {
      const bulk = await this.chunks.lockBulkForShare(tx, chunkId);
      // Under a bulk that is being stopped nothing is sent any more, so nothing has to wait for its time.
      const early = bulk?.status === 'cancelling';
      const chunk = await this.chunks.lease(tx, { chunkId, token, leaseMs: this.config.CHUNK_LEASE_MS, early });
      if (!bulk || !chunk) return noLease('nothing_to_do', bulk?.id ?? null);
      const lines = await this.chunks.openLines(tx, chunk);
      if (lines.length === 0) {
        await this.chunks.close(tx, [chunk.id]);
        return noLease('nothing_to_do', bulk.id);
      }
      const leasedAt = new Date();
      if (chunk.purpose === 'submit' && bulk.status === 'cancelling') {
        const moves = lines.map((line) => decideCancel(line));
        await this.recorder.record(tx, { bulk, rail: chunk.rail, chunk: { id: chunk.id, leasedAt }, moves });
        return noLease('cancelled', bulk.id, moves.filter((move) => move.to === 'cancelled').length);
      }
      const allowed = chunk.purpose === 'submit' ? bulk.status === 'processing' : MAY_INQUIRE.includes(bulk.status);
      if (!allowed) {
        await this.chunks.reopen(tx, chunk.id);
        return noLease('not_allowed', bulk.id);
      }
      const window = this.firstWindow(chunk, lines);
      const last = window.at(-1);
      if (chunk.purpose === 'submit' && last) {
        const grant = {
          chunkId,
          token,
          throughLine: last.line,
          windowLines: window.length,
          leaseMs: this.config.CHUNK_LEASE_MS,
        };
        await this.chunks.grantWindow(tx, grant);
      }
      return { chunk, bulk, lines, token, leasedAt, deadlineMs };
    });
  }

  /** Grants the next lines to the rail; false when the lease is gone or the bulk no longer allows work. */
  async grant(lease: Lease, window: readonly PayableLine[]): Promise<{ isGranted: boolean; deadlineMs: number }> {
    const deadlineMs = performance.now() + this.config.CHUNK_LEASE_MS * USABLE_SHARE;
    const last = window.at(-1);
    if (!last) return { isGranted: false, deadlineMs };
    const isGranted = await this.unitOfWork.run(async (tx) => {
      await this.chunks.lockBulkForShare(tx, lease.chunk.id);
      return this.chunks.grantWindow(tx, {
        chunkId: lease.chunk.id,
        token: lease.token,
        throughLine: last.line,
        windowLines: window.length,
        leaseMs: this.config.CHUNK_LEASE_MS,
      });
    });
    return { isGranted, deadlineMs };
  }

  /** The lines that go out under the lease itself: all of them, where the rail takes a whole chunk at once. */
  firstWindow(chunk: LeasedChunk, lines: readonly PayableLine[]): readonly PayableLine[] {
    return lines.slice(0, this.windowLines(chunk, lines.length));
  }

  windowLines(chunk: LeasedChunk, lineCount: number): number {
    if (chunk.rail === BOOK) return lineCount;
    return this.rails.get(chunk.rail).windowLines(this.config.CHUNK_LEASE_MS * WINDOW_SHARE) ?? lineCount;
  }
}

const noLease = (ended: NoLease['ended'], bulkId: string | null, cancelled = 0): NoLease => ({
  ended,
  bulkId,
  cancelled,
});
