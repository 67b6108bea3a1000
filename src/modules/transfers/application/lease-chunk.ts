import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { ofOrganization, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { BOOK, RailsService } from '../../rails/index.js';
import { decideCancel } from '../domain/decide-cancel.js';
import type { PayableLine } from '../domain/line.js';
import { type ChunkBulk, ChunkRepository, type LeasedChunk } from '../persistence/chunk.repository.js';
import { KillSwitchRepository } from '../persistence/kill-switch.repository.js';
import { RecordMoves } from './record-moves.js';

/** The right to execute a chunk, until the lease runs out. */
export interface Lease {
  readonly chunk: LeasedChunk;
  readonly bulk: ChunkBulk;
  readonly lines: readonly PayableLine[];
  readonly token: string;
  readonly leasedAt: Date;
  /** The lines that may go out under the lease itself; those beyond need a grant. None for an inquiry. */
  readonly firstWindow: readonly PayableLine[];
  /** On this process's monotonic clock: taken before the lease was, so it runs out first. */
  readonly deadlineMs: number;
}

/** Why there is no lease. `cancelled`: the bulk is being stopped, and the chunk's lines were cancelled instead. */
export interface NoLease {
  readonly ended: 'nothing_to_do' | 'not_allowed' | 'rail_paused' | 'cancelled';
  readonly bulkId: string | null;
  /** Lines cancelled. */
  readonly cancelled: number;
}

export type LeaseResult = Lease | NoLease;

/** Bulk states in which the rail may still be asked, though nothing new is sent. */
const MAY_INQUIRE = ['processing', 'paused', 'cancelling', 'reversing'];
const isStopping = (status: string | undefined): boolean => status === 'cancelling' || status === 'reversing';
/** Nothing is sent in the last part of a lease: what goes out there could be recorded by nobody. */
const USABLE_SHARE = 0.8;
/** A window is what its rail takes in this part of a lease: few lines are in doubt when its worker dies. */
const WINDOW_SHARE = 0.25;

@Injectable()
export class LeaseChunk {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly chunks: ChunkRepository,
    private readonly killSwitches: KillSwitchRepository,
    private readonly recorder: RecordMoves,
    private readonly rails: RailsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Takes a chunk, in separate statements so that each sees what was committed before it. */
  async take(organizationId: string, chunkId: string): Promise<LeaseResult> {
    const deadlineMs = performance.now() + this.config.CHUNK_LEASE_MS * USABLE_SHARE;
    const token = randomUUID();
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      await this.killSwitches.lockForShare(tx);
      const bulk = await this.chunks.lockBulkForShare(tx, chunkId);
      // Under a bulk that is being stopped nothing is sent any more, so nothing has to wait for its time.
      const early = isStopping(bulk?.status);
      const chunk = await this.chunks.lease(tx, { chunkId, token, leaseMs: this.config.CHUNK_LEASE_MS, early });
      if (!bulk || !chunk) return noLease('nothing_to_do', bulk?.id ?? null);
      const lines = await this.chunks.openLines(tx, chunk);
      if (lines.length === 0) {
        await this.chunks.close(tx, [chunk.id]);
        return noLease('nothing_to_do', bulk.id);
      }
      const leasedAt = new Date();
      if (chunk.purpose === 'submit' && isStopping(bulk.status)) {
        const moves = lines.map((line) => decideCancel(line));
        await this.recorder.record(tx, {
          bulk,
          rail: chunk.rail,
          chunk: { id: chunk.id, lineCount: chunk.lineCount, leasedAt },
          moves,
        });
        return noLease('cancelled', bulk.id, moves.filter((move) => move.to === 'cancelled').length);
      }
      const allowed = chunk.purpose === 'submit' ? bulk.status === 'processing' : MAY_INQUIRE.includes(bulk.status);
      if (!allowed) {
        await this.chunks.reopen(tx, chunk.id);
        return noLease('not_allowed', bulk.id);
      }
      const pausedMs = this.pausedForMs(chunk);
      if (pausedMs > 0) {
        await this.chunks.reopen(tx, chunk.id, pausedMs);
        return noLease('rail_paused', bulk.id);
      }
      const firstWindow = chunk.purpose === 'submit' ? this.windowOf(chunk, lines) : [];
      // The lease is ours and the bulk allows work: a kill switch does not.
      if (chunk.purpose === 'submit' && !(await this.grantIn(tx, { chunk, token }, firstWindow))) {
        await this.chunks.reopen(tx, chunk.id);
        return noLease('not_allowed', bulk.id);
      }
      return { chunk, bulk, lines, token, leasedAt, firstWindow, deadlineMs };
    });
  }

  /** Grants the next lines to the rail; false when the lease is gone, or the bulk or a kill switch does not allow work. */
  async grant(lease: Lease, window: readonly PayableLine[]): Promise<{ isGranted: boolean; deadlineMs: number }> {
    const deadlineMs = performance.now() + this.config.CHUNK_LEASE_MS * USABLE_SHARE;
    if (window.length === 0) return { isGranted: false, deadlineMs };
    const isGranted = await this.unitOfWork.run(ofOrganization(lease.chunk.organizationId), async (tx) => {
      await this.killSwitches.lockForShare(tx);
      await this.chunks.lockBulkForShare(tx, lease.chunk.id);
      return this.grantIn(tx, lease, window);
    });
    return { isGranted, deadlineMs };
  }

  private async grantIn(
    tx: Tx,
    { chunk, token }: Pick<Lease, 'chunk' | 'token'>,
    window: readonly PayableLine[],
  ): Promise<boolean> {
    const last = window.at(-1);
    if (!last) return false;
    return this.chunks.grantWindow(tx, {
      chunkId: chunk.id,
      token,
      throughLine: last.line,
      windowLines: window.length,
      leaseMs: this.config.CHUNK_LEASE_MS,
    });
  }

  private pausedForMs(chunk: LeasedChunk): number {
    if (chunk.rail === BOOK) return 0;
    return this.rails.get(chunk.rail).pausedForMs(chunk.purpose === 'submit' ? 'submit' : 'inquire');
  }

  /** The lines that may go out next: all of them, where the rail takes a whole chunk at once. */
  windowOf(chunk: LeasedChunk, lines: readonly PayableLine[]): readonly PayableLine[] {
    if (chunk.rail === BOOK) return lines;
    const size = this.rails.get(chunk.rail).windowLines(this.config.CHUNK_LEASE_MS * WINDOW_SHARE);
    return size === null ? lines : lines.slice(0, size);
  }
}

const noLease = (ended: NoLease['ended'], bulkId: string | null, cancelled = 0): NoLease => ({
  ended,
  bulkId,
  cancelled,
});
