import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../../platform/database/index.js';
import { Room } from '../../../platform/room.js';
import { AccountsService } from '../../accounts/index.js';
import { LedgerQueries } from '../../ledger/index.js';
import { BULK_REQUEST_HOLD, type BulkLine, TransfersQueries } from '../../transfers/index.js';
import { type Hash, type Inclusion, MerkleTree } from '../domain/merkle-tree.js';
import { leafBytes, type ProofLeaf, proofLeaf } from '../domain/proof-leaf.js';
import { isBalanced, LineSummation, type ProofFacts, type Reservation, reservationOf } from '../domain/proof.js';
import { BulkRequestProofRepository, type ProvenBulkRequest } from '../persistence/bulk-request-proof.repository.js';

/** The line a payee asks about: by its position in the request, or by its id. */
export type ChosenLine = { readonly line: number } | { readonly transferId: string };

export interface LineProof extends Inclusion {
  /** With the IBAN in full, as it is hashed. */
  readonly leaf: ProofLeaf;
}

export interface BulkRequestProof {
  readonly bulk: ProvenBulkRequest;
  /** Whatever was committed before is in it. */
  readonly takenAt: Date;
  readonly facts: ProofFacts;
  readonly reservation: Reservation;
  readonly isBalanced: boolean;
  /** The hash over all lines. */
  readonly tree: { readonly size: number; readonly root: Uint8Array };
  readonly lineProof: LineProof | null;
}

const sha256: Hash = (data) => hash('sha256', data, 'buffer');

/** Each holds a connection and a snapshot for as long as its lines are read. */
const AT_ONCE = 4;
const COME_AGAIN_SECONDS = 1;

/** Shows that the money of a bulk adds up, and ties every line to one hash. Everything is read from one snapshot. */
@Injectable()
export class ProveBulkRequest {
  private readonly room = new Room(AT_ONCE, COME_AGAIN_SECONDS);

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: BulkRequestProofRepository,
    private readonly transfers: TransfersQueries,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerQueries,
  ) {}

  /** @throws unavailable, and not_found for another organization's bulk, or for a chosen line that is not one of the bulk's */
  prove(organizationId: string, id: string, chosen: ChosenLine | null): Promise<BulkRequestProof> {
    return this.room.enter(() => this.proveNow(organizationId, id, chosen));
  }

  private async proveNow(organizationId: string, id: string, chosen: ChosenLine | null): Promise<BulkRequestProof> {
    // For the platform: what a payment to another organization delivered there is booked as an entry of theirs.
    return this.unitOfWork.snapshot(PLATFORM, async (on, takenAt) => {
      const bulk = await this.repository.find(on, organizationId, id);
      if (!bulk) throw notFound('bulk request');
      const { tree, sums, lineProof } = await this.readLines(on, organizationId, id, chosen);
      const facts = {
        isReversal: bulk.isReversal,
        transferCount: bulk.transferCount,
        totalMinor: bulk.totalMinor,
        hold: await this.accounts.findHold(on, BULK_REQUEST_HOLD, id),
        lines: sums,
        booked: await this.bookedByKind(on, id),
      };
      return {
        bulk,
        takenAt,
        facts,
        reservation: reservationOf(facts),
        isBalanced: isBalanced(facts),
        tree: { size: tree.size, root: tree.root() },
        lineProof,
      };
    });
  }

  /** One walk over the lines for sums and hashes: what is summed up is what is hashed. */
  private async readLines(
    on: Queryable,
    organizationId: string,
    bulkId: string,
    chosen: ChosenLine | null,
  ): Promise<{ tree: MerkleTree; sums: LineSummation; lineProof: LineProof | null }> {
    const tree = new MerkleTree(sha256);
    const sums = new LineSummation();
    let chosenLeaf: ProofLeaf | null = null;
    for await (const page of this.transfers.pagesOfBulk(on, organizationId, bulkId)) {
      for (const line of page) {
        const leaf = proofLeaf(line);
        const isChosen = chosen !== null && isMeant(line, chosen);
        if (isChosen) chosenLeaf = leaf;
        tree.append(leafBytes(leaf), isChosen);
        sums.add(line);
      }
    }
    if (chosen !== null && chosenLeaf === null) throw notFound('line of this bulk request');
    const inclusion = tree.inclusion();
    return { tree, sums, lineProof: inclusion && chosenLeaf && { ...inclusion, leaf: chosenLeaf } };
  }

  private async bookedByKind(on: Queryable, bulkId: string): Promise<ProofFacts['booked']> {
    const sums = await this.ledger.sumOfBulkByKind(on, bulkId);
    return new Map(sums.map(({ kind, entries, sumMinor }) => [kind, { count: entries, sumMinor }]));
  }
}

const isMeant = (line: BulkLine, chosen: ChosenLine): boolean =>
  'line' in chosen ? line.line === chosen.line : line.id === chosen.transferId;
