import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { transferIdOf } from '../../../domain/ids.js';
import {
  Database,
  DISCOVERY,
  isTransient,
  ofOrganization,
  type Tx,
  UnitOfWork,
} from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { LedgerService, type NewLedgerEntry } from '../../ledger/index.js';
import { RailsService } from '../../rails/index.js';
import { decideEvidence, type Suspense } from '../domain/decide-evidence.js';
import type { Move } from '../domain/line.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { EvidenceRepository, type OpenEvidence } from '../persistence/evidence.repository.js';
import { TransferRepository, type TransferState } from '../persistence/transfer.repository.js';
import { RequestCompletion } from './request-completion.js';
import { type MovesToRecord, RecordMoves } from './record-moves.js';

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
    private readonly ledger: LedgerService,
    private readonly rails: RailsService,
    private readonly wake: Wake,
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
        rail: rail.name,
        reference: notice.reference,
        transferId: transferIdOf(notice.reference),
        source: 'notice' as const,
        status: notice.status,
        reasonCode: notice.reasonCode,
        railId: notice.railId,
      }));
      await this.evidence.insert(this.database.as(DISCOVERY), items);
      await rail.acknowledgeNotices(notices);
      collected += notices.length;
    }
    return collected >= BATCH;
  }

  private async apply(): Promise<boolean> {
    const open = await this.evidence.findOpen(BATCH);
    let applied = 0;
    for (const group of groupByBulk(open)) {
      const closed = await this.applyWhatCan(group);
      const [first] = group;
      if (closed > 0 && first) await this.completion.check(first.organizationId, first.bulkId);
      applied += closed;
    }
    // Without progress the next turn can wait.
    if (open.length === BATCH && applied > 0) return true;
    // It stands in nobody's way, and is looked for among all that is open: not before each batch of many.
    const unmatched = await this.evidence.closeUnmatched();
    if (unmatched > 0) this.report({ event: 'evidence_unmatched', count: unmatched });
    return false;
  }

  /**
   * How many items were closed. What cannot be recorded is cornered by halves, told, and put off: it must hold up neither the other lines
   * of its bulk nor, at the head of every batch, everybody else.
   */
  private async applyWhatCan(items: readonly OpenEvidence[]): Promise<number> {
    try {
      return await this.applyToBulk(items);
    } catch (error) {
      // Without the database nothing can be put off either; the next turn tries again.
      if (isTransient(error)) throw error;
      if (items.length > 1) {
        const half = Math.ceil(items.length / 2);
        return (await this.applyWhatCan(items.slice(0, half))) + (await this.applyWhatCan(items.slice(half)));
      }
      logger.error({ event: 'evidence_not_applied', bulk_request_id: items[0]?.bulkId, err: error });
      await this.evidence.putOff(
        this.database.as(DISCOVERY),
        items.map((item) => item.id),
      );
      return 0;
    }
  }

  private async applyToBulk(items: readonly OpenEvidence[]): Promise<number> {
    const [first] = items;
    if (!first) return 0;
    return this.unitOfWork.run(ofOrganization(first.organizationId), async (tx) => {
      const bulk = await this.chunks.getBulk(tx, first.bulkId);
      const free = new Set(await this.chunks.lockUnleasedByIds(tx, [...new Set(items.map((item) => item.chunkId))]));
      const states = await this.transfers.lockStates(tx, [...new Set(items.map((item) => item.transferId))]);
      const unapplied = await this.evidence.listUnapplied(
        tx,
        items.map((item) => item.id),
      );
      const due = items.filter((item) => unapplied.has(item.id));
      const decided = decideAll(due, new Map(states.map((state) => [state.id, state])), free, bulk.isReversal);
      await this.evidence.close(tx, decided.outcomes);
      await this.evidence.putOff(tx, decided.early);
      const contradictions = decided.outcomes.filter((item) => item.outcome === 'contradiction').length;
      if (contradictions > 0) {
        tx.afterCommit(() => this.report({ event: 'evidence_contradicts', bulk_request_id: bulk.id, contradictions }));
      }
      const { rail } = first;
      const entries = await this.suspenseOf(tx, { bulk, rail }, decided.suspended);
      if (decided.moves.length > 0 || entries.length > 0) {
        await this.recorder.record(tx, { bulk, rail, chunk: null, moves: decided.moves, entries });
        await this.chunks.closeEmptied(tx, [...free]);
      }
      return decided.outcomes.length;
    });
  }

  /** Tells the log, and wakes whoever opens breaks about it. */
  private report(finding: { event: string } & Record<string, unknown>): void {
    logger.error(finding);
    this.wake.notify('evidence');
  }

  /** Once per transfer: a callback and a statement that say the same contradict our books by the same money. */
  private async suspenseOf(
    tx: Tx,
    owner: Pick<MovesToRecord, 'bulk' | 'rail'>,
    suspended: readonly Suspended[],
  ): Promise<NewLedgerEntry[]> {
    if (suspended.length === 0) return [];
    const ids = suspended.map((item) => item.transferId);
    const booked = await this.ledger.findBooked(tx, 'suspense', ids);
    const unbooked = suspended.filter((item) => !booked.has(item.transferId));
    return this.recorder.suspenseEntries(tx, owner, unbooked);
  }
}

interface Suspended {
  readonly transferId: string;
  readonly amountMinor: bigint;
  readonly suspense: Suspense;
}

interface Decided {
  readonly outcomes: { id: string; outcome: 'applied' | 'redundant' | 'contradiction' }[];
  readonly early: string[];
  readonly moves: Move[];
  readonly suspended: Suspended[];
}

function decideAll(
  items: readonly OpenEvidence[],
  stateOf: Map<string, TransferState>,
  freeChunks: ReadonlySet<string>,
  isReversal: boolean,
): Decided {
  const decided: Decided = { outcomes: [], early: [], moves: [], suspended: [] };
  for (const item of items) {
    const state = stateOf.get(item.transferId);
    // Moved to another chunk meanwhile, or leased again: next turn.
    if (!state || !freeChunks.has(state.chunkId)) continue;
    const verdict = decideEvidence(state, item, isReversal);
    if (verdict.outcome === 'early') {
      decided.early.push(item.id);
      continue;
    }
    decided.outcomes.push({ id: item.id, outcome: verdict.outcome });
    if (verdict.outcome === 'redundant') continue;
    if (verdict.move) decided.moves.push(verdict.move);
    if (verdict.outcome === 'contradiction' && verdict.suspense) {
      decided.suspended.push({ transferId: state.id, amountMinor: state.amountMinor, suspense: verdict.suspense });
    }
    // A second word about the same transfer waits until the first one is committed.
    stateOf.delete(item.transferId);
  }
  return decided;
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
