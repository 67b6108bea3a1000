import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY, type Queryable, type Tx } from '../../platform/database/index.js';
import { newId } from '../../domain/ids.js';
import { Wake } from '../../platform/queue/index.js';
import { Counterparties } from './application/counterparties.js';
import { RequestCompletion } from './application/request-completion.js';
import { type ChunkReport, ExecuteChunk } from './application/execute-chunk.js';
import { type OpenedBulk, OpenTransfers } from './application/open-transfers.js';
import { RepairLines } from './application/repair-lines.js';
import { StopLines } from './application/stop-lines.js';
import type { StoredIban } from './domain/stored-iban.js';
import { WithdrawLines } from './application/withdraw-lines.js';
import { DispatchRepository } from './persistence/dispatch.repository.js';
import { EvidenceRepository, type NewEvidence, type UnreportedEvidence } from './persistence/evidence.repository.js';
import { HeldLinesRepository } from './persistence/held-lines.repository.js';
import { type Recount, TallyRepository } from './persistence/tally.repository.js';
import { type NewTransfer, type NewTransfersOwner, TransferRepository } from './persistence/transfer.repository.js';

/** What other modules ask of transfers. */
@Injectable()
export class TransfersService {
  constructor(
    private readonly openTransfers: OpenTransfers,
    private readonly stopLines: StopLines,
    private readonly withdrawLines: WithdrawLines,
    private readonly completion: RequestCompletion,
    private readonly executeChunk: ExecuteChunk,
    private readonly repairs: RepairLines,
    private readonly database: Database,
    private readonly wake: Wake,
    private readonly evidence: EvidenceRepository,
    private readonly dispatch: DispatchRepository,
    private readonly held: HeldLinesRepository,
    private readonly tallies: TallyRepository,
    private readonly transfers: TransferRepository,
    private readonly counterparties: Counterparties,
  ) {}

  /** Stores the lines of an accepted bulk and the chunks they are worked off in. */
  open(tx: Tx, owner: NewTransfersOwner & OpenedBulk, lines: readonly NewTransfer[]): Promise<void> {
    return this.openTransfers.open(tx, owner, lines);
  }

  /** Makes the lines of a bulk due that was opened as held. The caller holds its lock. */
  release(tx: Tx, bulkId: string): Promise<void> {
    return this.held.release(tx, bulkId);
  }

  /**
   * Ends the lines of a bulk that is held. The caller holds its lock, and releases the money that is returned, in minor units.
   *
   * @param detail why, as the history of each line says
   */
  withdraw(
    tx: Tx,
    bulk: { id: string; organizationId: string; transferCount: number },
    detail: string,
  ): Promise<bigint> {
    return this.withdrawLines.withdraw(tx, bulk, detail);
  }

  /** Ends the unsent lines of a bulk that is committed as `cancelling`. Returns how many were cancelled. */
  stop(organizationId: string, bulkId: string): Promise<number> {
    return this.stopLines.stop(organizationId, bulkId);
  }

  /** After a commit that ended lines: asks for the bulk's completion when nothing of it is open. */
  checkCompletion(organizationId: string, bulkId: string): Promise<void> {
    return this.completion.check(organizationId, bulkId);
  }

  /** Whether a chunk of the bulk is still to be worked on. */
  hasUnfinished(on: Queryable, bulkId: string): Promise<boolean> {
    return this.dispatch.hasUnfinished(on, bulkId);
  }

  /** A bulk's lines by state and the sums of its tallies, in one look. */
  recount(on: Queryable, bulkId: string): Promise<Recount> {
    return this.tallies.recount(on, bulkId);
  }

  /** Removes tallies whose sums are in the bulk's own row from now on. */
  foldTallies(tx: Tx, tallyIds: readonly string[]): Promise<void> {
    return this.tallies.remove(tx, tallyIds);
  }

  /** Open lines of a bulk that no chunk of work stands for get one. Returns how many there were. */
  adoptOrphans(tx: Tx, bulkId: string): Promise<number> {
    return this.repairs.adoptOrphans(tx, bulkId);
  }

  /** Makes a bulk's tallies say what its lines say, beside the lines its own row counts as accepted. Whether they did not. */
  correctTallies(tx: Tx, bulkId: string, recount: Recount, accepted: number): Promise<boolean> {
    return this.repairs.correctTallies(tx, bulkId, recount, accepted);
  }

  /** Settled lines of a bulk that nothing takes back yet, as the lines of a reversal. */
  async listUnreversed(on: Queryable, organizationId: string, bulkId: string): Promise<NewTransfer[]> {
    const settled = await this.transfers.listUnreversed(on, bulkId);
    const ibans = this.counterparties.open(organizationId, settled);
    return settled.map(({ id, ibanSealed: _sealed, ibanPlain: _plain, ...line }, index) => ({
      ...line,
      id: newId(),
      counterpartyIban: ibans[index] ?? '',
      counterpartyIndex: this.counterparties.indexOf(organizationId, ibans[index] ?? ''),
      originTransferId: id,
    }));
  }

  /** What a counterparty of the organization is found by. IBAN in electronic form. */
  counterpartyIndexOf(organizationId: string, iban: string): bigint {
    return this.counterparties.indexOf(organizationId, iban);
  }

  /** The IBANs of an organization's transfers, in their order. @throws Unsealable when one of them does not open */
  openIbans(organizationId: string, rows: readonly StoredIban[]): string[] {
    return this.counterparties.open(organizationId, rows);
  }

  /** Keeps what a rail said about references; the same word from the same source is kept once. It is applied soon after. */
  async keepEvidence(items: readonly NewEvidence[]): Promise<void> {
    await this.evidence.insert(this.database.as(DISCOVERY), items);
    this.wake.notify('evidence');
  }

  /** Evidence that a person has to look at, told once: whoever takes it keeps it in the same transaction. */
  takeUnreported(tx: Tx, limit: number): Promise<UnreportedEvidence[]> {
    return this.evidence.takeUnreported(tx, limit);
  }

  /** Executes the next due chunk, of anybody without an organization, to step through a bulk by hand. Null when nothing is due. */
  async executeNext(organizationId: string | null): Promise<ChunkReport | null> {
    const chunk = await this.dispatch.findNextDue(organizationId);
    return chunk === null ? null : this.executeChunk.execute(chunk.organizationId, chunk.id);
  }
}
