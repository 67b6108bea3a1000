import { Injectable } from '@nestjs/common';
import { BULK_REQUEST_HOLD } from '../domain/hold-purpose.js';
import type { Tx } from '../../../platform/database/index.js';
import { Outbox } from '../../../platform/outbox/index.js';
import { AccountsService } from '../../accounts/index.js';
import { AuditTrail } from '../../audit/index.js';
import { type LedgerEntryKind, LedgerService, type NewLedgerEntry } from '../../ledger/index.js';
import type { Suspense } from '../domain/decide-evidence.js';
import { decideReversal } from '../domain/decide-reversal.js';
import type { Move } from '../domain/line.js';
import { planRecord, type RecordPlan } from '../domain/plan-record.js';
import { TransfersMetrics } from '../transfers.metrics.js';
import { type ChunkBulk, ChunkRepository } from '../persistence/chunk.repository.js';
import { TallyRepository } from '../persistence/tally.repository.js';
import { TransferRepository } from '../persistence/transfer.repository.js';
import { stopBulkRequestJob } from '../transfers.jobs.js';
import { TellMoves } from './tell-moves.js';

const NOTHING = { capturedMinor: 0n, releasedMinor: 0n };

/** Which account a settled line credits: the rail's clearing account, or with `book` the counterparty's own. A reversal debits it. */
export type CreditAccountOf = (move: Move) => string;

export interface MovesToRecord {
  readonly bulk: ChunkBulk;
  readonly rail: string;
  /** The chunk these outcomes end; null when evidence moves single lines. The caller holds its lock. */
  readonly chunk: { readonly id: string; readonly lineCount: number; readonly leasedAt: Date | null } | null;
  readonly moves: readonly Move[];
  readonly creditAccountOf?: CreditAccountOf;
  /** Booked along, in the same posting: what contradictory evidence puts on suspense. */
  readonly entries?: readonly NewLedgerEntry[];
}

/** What is written: moves as they are recorded, with those of them, by transfer id, whose money the debtor has already. */
type Recorded = MovesToRecord & { readonly cameBackBefore: ReadonlySet<string> };

/**
 * Writes what became of lines, in the one lock order: transfers, follow-up chunks, tally, hold, and last the accounts, each hot
 * row once; the audit log follows when all is done. The same for a chunk's record, evidence, a lost lease and a stop.
 */
@Injectable()
export class RecordMoves {
  constructor(
    private readonly chunks: ChunkRepository,
    private readonly transfers: TransferRepository,
    private readonly tallies: TallyRepository,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly outbox: Outbox,
    private readonly metrics: TransfersMetrics,
    private readonly audit: AuditTrail,
    private readonly listeners: TellMoves,
  ) {}

  /** @returns the moves as they were recorded: a reversal that fails is not over yet */
  async record(tx: Tx, input: MovesToRecord): Promise<readonly Move[]> {
    const { bulk, chunk, rail } = input;
    const moves = bulk.isReversal ? input.moves.map(decideReversal) : input.moves;
    const owner = { organizationId: bulk.organizationId, bulkId: bulk.id, urgent: bulk.urgent };
    const plan = planRecord(moves, { id: chunk?.id ?? null, rail, lineCount: chunk?.lineCount ?? 0 });
    const cameBackBefore = await this.lockCameBackBefore(tx, bulk, moves);
    await this.transfers.applyMoves(tx, bulk.id, plan, chunk?.id ?? null);
    await this.transfers.insertTransitions(tx, bulk.organizationId, chunk, moves);
    await this.chunks.insert(tx, owner, plan.chunks);
    if (chunk) await this.chunks.close(tx, [chunk.id]);
    if (Object.keys(plan.tally.counts).length > 0) {
      const source = moves[0]?.source ?? 'submission';
      await this.tallies.append(tx, { ...owner, source, sourceId: chunk?.id ?? null }, plan.tally);
    }
    const isRunning = bulk.status === 'processing' || bulk.status === 'paused';
    if (bulk.onFailure !== 'continue' && isRunning && moves.some((move) => move.to === 'failed')) {
      await this.outbox.add(tx, stopBulkRequestJob, {
        organizationId: bulk.organizationId,
        ids: { bulkId: bulk.id },
        dedupeKey: `stop:${bulk.id}`,
      });
    }
    // Nothing was reserved for a reversal: it brings money in.
    const { capturedMinor, releasedMinor } = bulk.isReversal ? NOTHING : plan;
    await this.moveMoney(tx, { ...input, moves, cameBackBefore }, { capturedMinor, releasedMinor });
    this.recordInAuditLog(tx, { ...input, moves });
    await this.listeners.tell(tx, bulk, moves);
    tx.afterCommit(() => this.metrics.moved(rail, moves));
    return moves;
  }

  private recordInAuditLog(tx: Tx, { bulk, chunk, rail, moves, entries }: MovesToRecord): void {
    if (moves.length === 0 && entries === undefined) return;
    const inOrder = [...moves].sort((a, b) => a.line.line - b.line.line);
    this.audit.recordLines(tx, {
      organizationId: bulk.organizationId,
      bulkId: bulk.id,
      chunkId: chunk?.id ?? null,
      rail,
      source: moves[0]?.source ?? 'evidence',
      lines: inOrder.map(({ line, from, to, attempts, railId, code }) => ({
        id: line.id,
        from,
        to,
        attempts,
        railId,
        code,
      })),
      suspenseEntries: entries?.length ?? 0,
    });
  }

  /**
   * A payment can come back twice: taken back by a reversal, and returned by its bank. Of these moves, by transfer id, those whose money
   * the debtor has got the other way. What is asked is locked until they are recorded, so of two at the same time one sees the other.
   */
  private async lockCameBackBefore(tx: Tx, bulk: ChunkBulk, moves: readonly Move[]): Promise<ReadonlySet<string>> {
    const comingBack = moves.filter((move) => move.to === (bulk.isReversal ? 'settled' : 'returned'));
    const ids = comingBack.map((move) => move.line.id);
    if (ids.length === 0) return new Set();
    return new Set(
      bulk.isReversal ? await this.transfers.lockReturnedOrigins(tx, ids) : await this.transfers.listTakenBack(tx, ids),
    );
  }

  private async moveMoney(
    tx: Tx,
    input: Recorded,
    { capturedMinor, releasedMinor }: Pick<RecordPlan, 'capturedMinor' | 'releasedMinor'>,
  ): Promise<void> {
    const { bulk } = input;
    const entries = [...(await this.entriesOf(tx, input)), ...(input.entries ?? [])];
    const leavesHoldMinor = capturedMinor + releasedMinor;
    if (entries.length === 0 && leavesHoldMinor === 0n) return;
    const posting = {
      organizationId: bulk.organizationId,
      entries,
      reservedChanges: [{ accountId: bulk.debtorAccountId, reservedMinor: -leavesHoldMinor }],
    };
    const hold = { purpose: BULK_REQUEST_HOLD, referenceId: bulk.id, capturedMinor, releasedMinor };
    await this.ledger.post(tx, posting, leavesHoldMinor > 0n ? hold : null);
  }

  private async entriesOf(tx: Tx, input: Recorded): Promise<NewLedgerEntry[]> {
    const { bulk, moves, rail, creditAccountOf } = input;
    const settled = moves.filter((move) => move.to === 'settled');
    const returned = moves.filter((move) => move.to === 'returned');
    if (settled.length + returned.length === 0) return [];
    const clearingId = creditAccountOf ? null : await this.clearingAccount(tx, bulk, rail);
    const otherSide = (move: Move): string => clearingId ?? (creditAccountOf as CreditAccountOf)(move);
    const homeOf = await this.accountsForReturns(tx, input);
    // Without spreads: this is done for every line that is paid, and they cost more than everything else here.
    const entry = (move: Move, kind: LedgerEntryKind, debitAccountId: string, creditAccountId: string) => ({
      kind,
      debitAccountId,
      creditAccountId,
      amountMinor: move.line.amountMinor,
      currency: bulk.currency,
      transferId: move.line.id,
    });
    const inward = (move: Move, kind: LedgerEntryKind) => entry(move, kind, otherSide(move), homeOf(move));
    const outward = (move: Move, kind: LedgerEntryKind) => entry(move, kind, bulk.debtorAccountId, otherSide(move));
    return settled
      .map((move) => (bulk.isReversal ? inward(move, 'reversal') : outward(move, 'settlement')))
      .concat(returned.map((move) => inward(move, 'return')));
  }

  /** Money that came back belongs to the debtor; when that account is closed, or got it before, to suspense until a person decides. */
  private async accountsForReturns(tx: Tx, { bulk, moves, cameBackBefore }: Recorded): Promise<(move: Move) => string> {
    const isSuspended = (move: Move) => bulk.debtorStatus === 'closed' || cameBackBefore.has(move.line.id);
    const comesBack = (move: Move) => move.to === 'returned' || (bulk.isReversal && move.to === 'settled');
    if (!moves.some((move) => comesBack(move) && isSuspended(move))) return () => bulk.debtorAccountId;
    const { organizationId, currency } = bulk;
    const suspenseId = await this.accounts.getSystemAccount(tx, { organizationId, kind: 'suspense', currency });
    return (move) => (isSuspended(move) ? suspenseId : bulk.debtorAccountId);
  }

  /**
   * What contradictory evidence says about money, between suspense and the rail's clearing account. What was found is owed to the debtor,
   * what is owed was paid without being taken; with a reversal, whose money comes in, it is the other way round.
   */
  async suspenseEntries(
    tx: Tx,
    { bulk, rail }: Pick<MovesToRecord, 'bulk' | 'rail'>,
    contradictions: readonly { transferId: string; amountMinor: bigint; suspense: Suspense }[],
  ): Promise<NewLedgerEntry[]> {
    if (contradictions.length === 0) return [];
    const { organizationId, currency } = bulk;
    const suspenseId = await this.accounts.getSystemAccount(tx, { organizationId, kind: 'suspense', currency });
    const clearingId = await this.clearingAccount(tx, bulk, rail);
    return contradictions.map(({ transferId, amountMinor, suspense }) => {
      const intoSuspense = (suspense === 'found') !== bulk.isReversal;
      return {
        kind: 'suspense' as const,
        debitAccountId: intoSuspense ? clearingId : suspenseId,
        creditAccountId: intoSuspense ? suspenseId : clearingId,
        amountMinor,
        currency,
        transferId,
      };
    });
  }

  /** Where money waits between a debtor here and whatever is behind a rail. One per organization, rail and currency. */
  clearingAccount(tx: Tx, bulk: ChunkBulk, rail: string): Promise<string> {
    const { organizationId, currency } = bulk;
    return this.accounts.getSystemAccount(tx, { organizationId, kind: 'clearing', rail, currency });
  }
}
