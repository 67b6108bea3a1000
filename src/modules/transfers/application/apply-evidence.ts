import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { transferIdOf } from '../../../domain/ids.js';
import { Database, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { RailsService } from '../../rails/index.js';
import { decideEvidence } from '../domain/decide-evidence.js';
import type { Move } from '../domain/line.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { EvidenceRepository, type OpenEvidence } from '../persistence/evidence.repository.js';
import { TransferRepository } from '../persistence/transfer.repository.js';
import { RequestCompletion } from './request-completion.js';
import { RecordMoves } from './record-moves.js';

const BATCH = 500;
const logger = createLogger('evidence');

/**
 * Applies what rails said outside a chunk's own record. The only one that does: whoever learns something puts it into the inbox,
 * and here it meets the transfer's state under the same locks and with the same SQL as a chunk.
 */
@Injectable()
export class ApplyEvidence implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly evidence: EvidenceRepository,
    private readonly chunks: ChunkRepository,
    private readonly transfers: TransferRepository,
    private readonly recorder: RecordMoves,
    private readonly completion: RequestCompletion,
    private readonly rails: RailsService,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const intervalMs = Math.min(1_000, this.config.SWEEP_INTERVAL_MS);
    this.loops.add({ name: 'rail-notices', intervalMs, wakesOn: null, run: () => this.collectNotices() });
    this.loops.add({ name: 'rail-evidence', intervalMs, wakesOn: 'evidence', run: () => this.apply() });
  }

  /** Takes the rails' own news into the inbox, and only then acknowledges it. */
  private async collectNotices(): Promise<boolean> {
    let collected = 0;
    for (const rail of this.rails.all()) {
      const notices = await rail.fetchNotices(BATCH);
      if (notices.length === 0) continue;
      const items = notices.map((notice) => ({
        organizationId: null,
        rail: rail.name,
        reference: notice.reference,
        transferId: transferIdOf(notice.reference),
        source: 'notice' as const,
        status: notice.status,
        reasonCode: notice.reasonCode,
        railId: notice.railId,
      }));
      await this.evidence.insert(this.database, items);
      await rail.acknowledgeNotices(notices);
      collected += notices.length;
    }
    return collected >= BATCH;
  }

  private async apply(): Promise<boolean> {
    const unmatched = await this.evidence.closeUnmatched();
    if (unmatched > 0) logger.warn({ event: 'evidence_unmatched', count: unmatched });
    const open = await this.evidence.findOpen(BATCH);
    let applied = 0;
    for (const group of groupByBulk(open)) applied += await this.applyAndComplete(group);
    // What came too early stays open; without progress the next turn can wait.
    return open.length === BATCH && applied > 0;
  }

  /** How many items were closed. A bulk that cannot be recorded is told and left: it must not hold up the others. */
  private async applyAndComplete(items: readonly OpenEvidence[]): Promise<number> {
    const bulkId = items[0]?.bulkId ?? '';
    try {
      const closed = await this.applyToBulk(items);
      if (closed > 0) await this.completion.check(bulkId);
      return closed;
    } catch (error) {
      logger.error({ event: 'evidence_not_applied', bulk_request_id: bulkId, err: error });
      return 0;
    }
  }

  private async applyToBulk(items: readonly OpenEvidence[]): Promise<number> {
    const [first] = items;
    if (!first) return 0;
    return this.unitOfWork.run(async (tx) => {
      const bulk = await this.chunks.getBulk(tx, first.bulkId);
      const free = new Set(await this.chunks.lockUnleasedByIds(tx, [...new Set(items.map((item) => item.chunkId))]));
      const states = await this.transfers.lockStates(tx, [...new Set(items.map((item) => item.transferId))]);
      const stateOf = new Map(states.map((state) => [state.id, state]));
      const moves: Move[] = [];
      const outcomes: { id: string; outcome: 'applied' | 'redundant' | 'contradiction' }[] = [];
      for (const item of items) {
        const state = stateOf.get(item.transferId);
        // Moved to another chunk meanwhile, or leased again: next turn.
        if (!state || !free.has(state.chunkId)) continue;
        const verdict = decideEvidence(state, item);
        if (verdict.outcome === 'early') continue;
        outcomes.push({ id: item.id, outcome: verdict.outcome });
        if (verdict.outcome !== 'applied') continue;
        moves.push(verdict.move);
        // A second word about the same transfer waits until the first one is committed.
        stateOf.delete(item.transferId);
      }
      const contradictions = outcomes.filter((item) => item.outcome === 'contradiction').length;
      if (contradictions > 0) logger.error({ event: 'evidence_contradicts', bulk_request_id: bulk.id, contradictions });
      await this.evidence.close(tx, outcomes);
      if (moves.length > 0) {
        await this.recorder.record(tx, { bulk, rail: first.rail, chunk: null, moves });
        await this.chunks.closeEmptied(tx, [...free]);
      }
      return outcomes.length;
    });
  }
}

/** By bulk and rail: one transaction books against one clearing account. */
function groupByBulk(items: readonly OpenEvidence[]): OpenEvidence[][] {
  const groups = new Map<string, OpenEvidence[]>();
  for (const item of items) {
    const key = `${item.bulkId} ${item.rail}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}
