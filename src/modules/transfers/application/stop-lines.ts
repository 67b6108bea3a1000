import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { ChunkRepository } from '../persistence/chunk.repository.js';
import { LeaseChunk } from './lease-chunk.js';

/**
 * Ends the lines of a bulk that were not sent, a chunk a transaction: the debtor's account is locked for none of them longer than for
 * any other chunk. The bulk is `cancelling` already, so a chunk that is taken is cancelled; one that is missed meets the same fate in
 * the worker it is handed to.
 */
@Injectable()
export class StopLines {
  constructor(
    private readonly database: Database,
    private readonly chunks: ChunkRepository,
    private readonly leases: LeaseChunk,
  ) {}

  /** How many lines were cancelled here. */
  async stop(organizationId: string, bulkId: string): Promise<number> {
    let cancelled = 0;
    for (const chunkId of await this.chunks.listUnleased(this.database.of(organizationId), bulkId)) {
      const result = await this.leases.take(organizationId, chunkId);
      if ('ended' in result) cancelled += result.cancelled;
    }
    return cancelled;
  }
}
