import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import type { Tx } from '../../../platform/database/index.js';
import { type NewChunk, slices } from '../domain/chunk.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import {
  type NewChunkLines,
  type NewTransfer,
  type NewTransfersOwner,
  TransferRepository,
} from '../persistence/transfer.repository.js';
import { Counterparties } from './counterparties.js';

export interface OpenedBulk {
  readonly urgent: boolean;
  readonly chunkSize: number;
  /** Nothing of it is due before it is released. */
  readonly isHeld: boolean;
}

/** Stores the lines of an accepted bulk and cuts them into chunks, one rail each. */
@Injectable()
export class OpenTransfers {
  constructor(
    private readonly chunks: ChunkRepository,
    private readonly transfers: TransferRepository,
    private readonly counterparties: Counterparties,
  ) {}

  async open(tx: Tx, owner: NewTransfersOwner & OpenedBulk, lines: readonly NewTransfer[]): Promise<void> {
    const chunks: NewChunk[] = [];
    const owned: NewChunkLines[] = [];
    for (const rail of new Set(lines.map((line) => line.rail))) {
      const ofRail = lines.filter((line) => line.rail === rail);
      for (const part of slices(ofRail, owner.chunkSize)) {
        const chunk = firstChunk(rail, part, owner.isHeld ? null : 0);
        chunks.push(chunk);
        owned.push({ chunkId: chunk.id, lines: part });
      }
    }
    await this.transfers.insertMany(tx, owner, owned, (part) => this.counterparties.seal(owner.organizationId, part));
    await this.chunks.insert(tx, owner, chunks);
  }
}

function firstChunk(rail: string, lines: readonly NewTransfer[], dueInMs: number | null): NewChunk {
  return {
    id: newId(),
    parentId: null,
    purpose: 'submit',
    rail,
    lineFrom: lines[0]?.line ?? 0,
    lineTo: lines.at(-1)?.line ?? 0,
    lineCount: lines.length,
    tries: 0,
    deaths: 0,
    dueInMs,
  };
}
